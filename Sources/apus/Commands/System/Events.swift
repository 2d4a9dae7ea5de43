import Bytes
import Engine
import Errors
import Flags
import GoTemplate
import Images
import Linux
import Logs
import Rendering

extension Verb {
    static let events = Verb(
        id: "system events",
        syntax: CommandSyntax(
            summary: "Show what happens to containers and images, as it happens", usage: ["[OPTIONS]"],
            flags: [
                CommonFlags.filter, CommonFlags.objectFormat(nil),
                Flag("since", nil, .string, "Show events since a time or for a duration back"),
                Flag("until", nil, .string, "Show events until a time or for a duration back"),
            ],
            arguments: .none)
    ) { parsed, context in
        // As Docker: a filter that it does not know filters nothing.
        let pairs = try parsed.list("filter").compactMap { try FlagValue.filter($0) }
        let filter = try EventFilter(
            Filters(pairs.filter { EventFilter.keys.contains($0.key) }, keys: EventFilter.keys))
        let format = try EventFormat(parsed.string("format"))
        let (since, until) = (try parsed.timestamp("since"), try parsed.timestamp("until"))
        if let since, let until, since > until {
            throw CommandFailure("`since` time (\(since.decimal)) cannot be after `until` time (\(until.seconds))")
        }
        let output = Output(1, limit: 0)
        try context.engine().events(since: since, until: until, stop: StopConditions(output: 1)) { stored in
            guard filter.admits(stored.event) else { return }
            try output.write(try format.text(stored))
        }
        return 0
    }
}

extension Timestamp {
    /// Seconds since 1970 with nine decimal places.
    fileprivate var decimal: String {
        let digits = String(nanoseconds)
        return "\(seconds).\(String(repeating: "0", count: max(0, 9 - digits.utf8.count)))\(digits)"
    }
}

/// The `--filter` of `events`.
struct EventFilter {
    static let keys: Set<String> = [
        "config", "container", "daemon", "event", "image", "label", "network", "node", "plugin", "scope", "secret",
        "service", "type", "volume",
    ]
    private let filters: Filters
    private let images: [String]

    /// Throws for a file of registries.conf that cannot be used: an image may be named by an alias.
    init(_ filters: Filters) throws {
        self.filters = filters
        images = try filters.all("image").map { try TypedName.expanded($0) }
    }

    func admits(_ event: Event) -> Bool {
        filters.admits("event") { isAction(event.action, $0) }
            && filters.admits("type") { $0 == event.kind.rawValue }
            && filters.admits("scope") { $0 == "local" }
            && filters.admitsLabels(event.attributes)
            && (images.isEmpty || images.contains { isImage(event, $0) })
            && admits(event, "container", .container) && admits(event, "daemon", .daemon)
            && admits(event, "network", .network) && admits(event, "plugin", .plugin)
            && admits(event, "volume", .volume)
            && ["config", "node", "secret", "service"].allSatisfy { !filters.has($0) }
    }

    // "exec_start: sh" is an "exec_start" too.
    private func isAction(_ action: String, _ wanted: String) -> Bool {
        action == wanted || action.begins(with: wanted + ":")
    }

    private func admits(_ event: Event, _ key: String, _ kind: Event.Kind) -> Bool {
        guard filters.has(key) else { return true }
        return event.kind == kind
            && filters.admits(key) { event.id.begins(with: $0) || event.attributes["name"]?.begins(with: $0) == true }
    }

    private func isImage(_ event: Event, _ wanted: String) -> Bool {
        let names: [String?] =
            switch event.kind {
            case .image: [event.id, event.attributes["name"]]
            case .container: [event.attributes["image"]]
            default: []
            }
        return names.contains { name in
            guard let name else { return false }
            return name.isSame(as: wanted) || Self.withoutTag(name).isSame(as: wanted)
                || Self.withoutTag(name).isSame(as: Self.withoutTag(wanted)) && !wanted.has(":")
        }
    }

    private static func withoutTag(_ name: String) -> String {
        let slash = name.lastPlace(of: "/") ?? name.startIndex
        guard let colon = name[slash...].lastPlace(of: ":") else { return name }
        return String(name[..<colon])
    }
}

/// The `--format` of `events`.
struct EventFormat {
    private enum Kind {
        case line, json
        case template(Template)
    }

    private let kind: Kind

    init(_ format: String?) throws {
        switch format {
        case nil, "": kind = .line
        case "json", "{{json .}}": kind = .json
        case .some(let text):
            do { kind = .template(try Template(text)) } catch {
                throw CommandFailure("Error parsing format: \(error.message)", status: 64)
            }
        }
    }

    /// The line for `stored`, with its line feed.
    func text(_ stored: StoredEvent) throws -> String {
        switch kind {
        case .json: return stored.line + "\n"
        case .template(let template): return try template.execute(.record(Self.record(stored.event))) + "\n"
        case .line:
            let event = stored.event
            let moment = Moment(seconds: Int64(event.time.seconds), nanoseconds: Int64(event.time.nanoseconds))
            var text = "\(moment.localNanoseconds) \(event.kind.rawValue) \(event.action) \(event.id)"
            if !event.attributes.isEmpty {
                let pairs = event.attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                text += " (\(pairs.joined(separator: ", ")))"
            }
            return VisibleText.escaped(text) + "\n"
        }
    }

    private static func record(_ event: Event) -> TemplateRecord {
        let isOld = event.kind == .container || event.kind == .image
        let attributes = event.attributes.sorted { $0.key < $1.key }.map {
            (key: $0.key.text, value: TemplateValue.string($0.value))
        }
        var record = TemplateRecord(
            "events.Message",
            [
                ("Status", .string(isOld ? event.action : "")), ("ID", .string(isOld ? event.id : "")),
                ("From", .string(event.kind == .container ? event.attributes["image"] ?? "" : "")),
                ("Type", .string(event.kind.rawValue)), ("Action", .string(event.action)),
                (
                    "Actor",
                    .record(
                        TemplateRecord(
                            "events.Actor",
                            [
                                ("ID", .string(event.id)),
                                ("Attributes", .map(TemplateMap(attributes, missing: .string("")))),
                            ]))
                ),
                ("Scope", .string("local")), ("Time", .int(Int64(event.time.seconds))),
                ("TimeNano", .int(event.nanoseconds)),
            ])
        record.jsonNames = [
            "Status": "status", "ID": "id", "From": "from", "Scope": "scope", "Time": "time", "TimeNano": "timeNano",
        ]
        return record
    }
}
