import Bytes
import ContainerSpec
import DockerTypes
import Engine
import Flags
import GoTemplate
import OCI
import Rendering
import Store

/// One line of `ps`.
struct ContainerRow {
    let container: ContainerSnapshot
    /// Whether long texts are cut.
    let isShort: Bool
    var now = Moment.now
    /// In bytes: what the container has written, and that with its image's layers; nil where nobody asked.
    var size: (own: Int64, all: Int64)?

    static let table =
        #"{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"#
    /// Docker's format `raw`, and that of ids alone.
    static func raw(_ hasSize: Bool) -> String {
        rawID + #"\nimage: {{.Image}}\ncommand: {{.Command}}\ncreated_at: {{.CreatedAt}}\nstate:{{pad .State 1 0}}\n"#
            + #"status:{{pad .Status 1 0}}\nnames: {{.Names}}\nlabels:{{pad .Labels 1 0}}\nports:{{pad .Ports 1 0}}\n"#
            + (hasSize ? #"size: {{.Size}}\n"# : "")
    }
    static let rawID = "container_id: {{.ID}}"
    static let headers = [
        (field: "Command", title: "COMMAND"), (field: "CreatedAt", title: "CREATED AT"),
        (field: "ID", title: "CONTAINER ID"), (field: "Image", title: "IMAGE"), (field: "Labels", title: "LABELS"),
        (field: "LocalVolumes", title: "LOCAL VOLUMES"), (field: "Mounts", title: "MOUNTS"),
        (field: "Names", title: "NAMES"), (field: "Networks", title: "NETWORKS"),
        (field: "Platform", title: "PLATFORM"),
        (field: "Ports", title: "PORTS"), (field: "RunningFor", title: "CREATED"), (field: "State", title: "STATE"),
        (field: "Size", title: "SIZE"), (field: "Status", title: "STATUS"),
    ]

    /// Finds out the sizes of the containers of `rows`.
    static func measure(_ rows: inout [ContainerRow], _ engine: Engine) throws {
        let own = try engine.ownSizes(of: rows.map(\.container.id))
        var images: [String: Int64] = [:]
        for (place, bytes) in own.enumerated() where place < rows.count {
            let id = rows[place].container.description.imageID?.description ?? ""
            if images[id] == nil { images[id] = (try? engine.image(id)).map { engine.size(of: $0) } ?? 0 }
            rows[place].size = (bytes, bytes + (images[id] ?? 0))
        }
    }

    /// The fields that `--format` can name, in the order of JSON.
    var record: TemplateRecord {
        let description = container.description
        let created = Moment(description.created)
        let labels = self.labels
        let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        // As Docker shows it: in single quotes what has a blank in it, whatever else that has.
        let words = description.command.map { $0.utf8.contains(UInt8(ascii: " ")) ? "'\($0)'" : $0 }
        let command = words.joined(separator: " ")
        return TemplateRecord(
            "*formatter.ContainerContext",
            [
                ("Command", .string(goQuoted(isShort ? Shortening.ellipsis(command, 20) : command))),
                ("CreatedAt", .string(created?.local ?? "")),
                ("ID", .string(isShort ? Shortening.id(container.id) : container.id)),
                ("Image", .string(image)),
                ("Labels", .string(pairs.joined(separator: ","))),
                ("LocalVolumes", .string(String(description.options.volumeNames.count))),
                ("Mounts", .string(mounts.joined(separator: ","))),
                ("Names", .string(container.name)),
                ("Networks", .string(description.options.networkNames.joined(separator: ","))),
                // Of an image store that Docker does not have by default.
                ("Platform", .empty(.absent, isLeftOut: false)),
                ("Ports", .string(ports)),
                ("RunningFor", .string(created?.ago(now) ?? "")),
                ("Size", .string(sizeText)),
                ("State", .string(container.state.status.rawValue)),
                ("Status", .string(status)),
            ],
            methods: [
                (
                    "Label",
                    { arguments throws(TemplateError) in
                        guard arguments.count == 1 else {
                            throw TemplateError("wrong number of args for Label: want 1 got \(arguments.count)")
                        }
                        return .string(labels[arguments[0].text] ?? "")
                    }
                )
            ])
    }

    /// The image's labels with the container's over them.
    var labels: [ByteKey: String] {
        (container.description.imageConfig.labels ?? [:]).merging(container.description.options.labels) { $1 }
    }

    private var image: String {
        let name = container.description.options.image
        let digits = name.begins(with: "sha256:") ? name.dropping(7) : name[...]
        let isID = digits.count == 64 && digits.allSatisfy(\.isHexDigit)
        return isShort && isID ? Shortening.id(name) : name
    }

    /// What is mounted: the host's path, or the place of a file system in memory.
    var mounts: [String] {
        container.description.options.mounts.compactMap { mount in
            let source: String
            switch mount.kind {
            case .bind(let bind): source = bind.source
            case .volume(let volume): source = volume.name ?? ""
            case .image(let image): source = image.source
            case .tmpfs: return nil
            }
            return isShort ? Shortening.ellipsis(source, 15) : source
        }
    }

    // The ports of a running container: where they lead from, or that it listens on them by its own word.
    private var ports: String {
        guard container.state.isActive else { return "" }
        return PortTexts.column(container.network.ports, exposed: container.publishablePorts)
    }

    /// "3B (virtual 4.3MB)", as Docker has it; "0B" where nobody asked.
    private var sizeText: String {
        guard let size else { return "0B" }
        let own = HumanSize.decimal(size.own, digits: 3)
        return size.all > 0 ? "\(own) (virtual \(HumanSize.decimal(size.all, digits: 3)))" : own
    }

    /// "Up 3 seconds", "Exited (0) 2 hours ago".
    var status: String {
        let state = container.state
        let started = state.startedAt.flatMap { Moment($0) }
        let finished = state.finishedAt.flatMap { Moment($0) }
        let code = state.exitCode.map { String($0) } ?? "?"
        switch state.status {
        case .created: return "Created"
        case .running, .paused:
            let span = HumanDuration.text(seconds: started.map { now.seconds(since: $0) } ?? 0)
            if state.status == .paused { return "Up \(span) (Paused)" }
            switch container.health {
            case nil: return "Up \(span)"
            case .starting: return "Up \(span) (health: starting)"
            case .healthy, .unhealthy: return "Up \(span) (\(container.health!.rawValue))"
            }
        case .restarting: return "Restarting (\(code))" + (finished.map { " " + $0.ago(now) } ?? "")
        case .removing: return "Removal In Progress"
        case .exited: return "Exited (\(code))" + (finished.map { " " + $0.ago(now) } ?? "")
        case .dead: return "Dead"
        }
    }
}
