import Bytes
import DockerTypes
import Engine
import Flags
import GoTemplate
import Rendering
import Store

extension Verb {
    static let volumeList = Verb(
        id: "volume ls",
        syntax: CommandSyntax(
            summary: "List volumes", usage: ["[OPTIONS]"],
            flags: [
                Flag("cluster", nil, .bool, "", refused: "it shows volumes of a swarm, and there is none"),
                CommonFlags.filter,
                CommonFlags.listFormat,
                Flag("quiet", "q", .bool, "Show only names"),
            ],
            arguments: .none)
    ) { parsed, context in
        let filter = try VolumeFilter(try parsed.filters(VolumeFilter.keys))
        let engine = try context.engine()
        let (all, problems) = try engine.listVolumes()
        let volumes = try all.filter { try filter.admits($0, engine) }
        let isQuiet = parsed.bool("quiet")
        let wanted = parsed.string("format") ?? (isQuiet ? "" : context.configuration.volumesFormat)
        let format =
            switch wanted {
            case "raw": ListFormat(isQuiet ? VolumeRow.rawName : VolumeRow.raw, table: VolumeRow.table)
            case "", "table": ListFormat(wanted, table: VolumeRow.table, quiet: isQuiet ? "{{.Name}}" : nil)
            default: ListFormat(wanted, table: VolumeRow.table)
            }
        let records = volumes.map { VolumeRow.record($0, mountpoint: engine.volumes.data(of: $0.name)) }
        try context.output.write(try format.render(records, headers: VolumeRow.headers))
        try context.output.flush()
        for problem in problems { context.complain(problem) }
        return problems.isEmpty ? 0 : 1
    }
}

/// One line of `volume ls`.
enum VolumeRow {
    static let table = #"{{.Driver}}\t{{.Name}}"#
    /// Docker's format `raw`, and that of names alone.
    static let raw = "\(rawName)\\ndriver: {{.Driver}}\\n"
    static let rawName = "name: {{.Name}}"
    static let headers = [
        (field: "Availability", title: "AVAILABILITY"), (field: "Driver", title: "DRIVER"),
        (field: "Group", title: "GROUP"),
        (field: "Labels", title: "LABELS"), (field: "Links", title: "LINKS"),
        (field: "Mountpoint", title: "MOUNTPOINT"),
        (field: "Name", title: "VOLUME NAME"), (field: "Scope", title: "SCOPE"), (field: "Size", title: "SIZE"),
        (field: "Status", title: "STATUS"),
    ]

    /// The fields that `--format` can name, in the order of JSON. `usage`: how many containers use it, and the bytes of
    /// its files, where that was looked up.
    static func record(
        _ volume: VolumeDefinition, mountpoint: String, usage: (links: Int, size: Int64)? = nil
    ) -> TemplateRecord {
        let labels = volume.labels.sorted { $0.key < $1.key }.map { "\($0.key.text)=\($0.value)" }
        return TemplateRecord(
            "*formatter.volumeContext",
            [
                ("Availability", .string("N/A")), ("Driver", .string("local")), ("Group", .string("N/A")),
                ("Labels", .string(labels.joined(separator: ","))),
                ("Links", .string(usage.map { String($0.links) } ?? "N/A")),
                ("Mountpoint", .string(mountpoint)), ("Name", .string(volume.name)), ("Scope", .string("local")),
                ("Size", .string(usage.map { HumanSize.decimal($0.size) } ?? "N/A")), ("Status", .string("N/A")),
            ],
            methods: [
                (
                    "Label",
                    { arguments throws(TemplateError) in
                        guard arguments.count == 1 else {
                            throw TemplateError("wrong number of args for Label: want 1 got \(arguments.count)")
                        }
                        return .string(volume.labels[ByteKey(arguments[0].text)] ?? "")
                    }
                )
            ])
    }
}

/// Which volumes `volume ls` shows.
struct VolumeFilter {
    static let keys: Set<String> = ["dangling", "driver", "label", "name"]

    private let filters: Filters
    private let dangling: Bool?

    init(_ filters: Filters) throws {
        self.filters = filters
        let values = filters.all("dangling")
        switch values.last {
        case nil: dangling = nil
        case "true", "1": dangling = true
        case "false", "0": dangling = false
        default: throw FilterError("invalid filter 'dangling=[\(values.joined(separator: " "))]'")
        }
    }

    func admits(_ volume: VolumeDefinition, _ engine: Engine) throws -> Bool {
        guard filters.admits("driver", { $0 == "local" }),
            filters.admits("name", { Filters.matches(volume.name, $0) }), filters.admitsLabels(volume.labels)
        else { return false }
        guard let dangling else { return true }
        return try engine.isUsed(volume) != dangling
    }
}
