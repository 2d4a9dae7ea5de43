import Bytes
import DockerTypes
import Engine
import Flags
import GoTemplate
import Rendering
import Store

extension Verb {
    static let networkList = Verb(
        id: "network ls",
        syntax: CommandSyntax(
            summary: "List networks", usage: ["[OPTIONS]"],
            flags: [
                CommonFlags.filter,
                CommonFlags.listFormat,
                CommonFlags.noTrunc,
                Flag("quiet", "q", .bool, "Show only network IDs"),
            ],
            arguments: .none)
    ) { parsed, context in
        let filter = try NetworkFilter(try parsed.filters(NetworkFilter.keys))
        let engine = try context.engine()
        let networks = try engine.listNetworks().filter { try filter.admits($0, engine) }
        let isQuiet = parsed.bool("quiet")
        let wanted = parsed.string("format") ?? (isQuiet ? "" : context.configuration.networksFormat)
        let format =
            switch wanted {
            case "raw": ListFormat(isQuiet ? NetworkRow.rawID : NetworkRow.raw, table: NetworkRow.table)
            case "", "table": ListFormat(wanted, table: NetworkRow.table, quiet: isQuiet ? "{{.ID}}" : nil)
            // What a template asks for is more than ids.
            default: ListFormat(wanted, table: NetworkRow.table)
            }
        let records = networks.map { NetworkRow.record($0, isShort: !parsed.bool("no-trunc")) }
        try context.output.write(try format.render(records, headers: NetworkRow.headers))
        return 0
    }
}

/// One line of `network ls`.
enum NetworkRow {
    static let table = #"{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}"#
    /// Docker's format `raw`, and that of ids alone.
    static let raw = "\(rawID)\\nname: {{.Name}}\\ndriver: {{.Driver}}\\nscope: {{.Scope}}\\n"
    static let rawID = "network_id: {{.ID}}"
    static let headers = [
        (field: "CreatedAt", title: "CREATED AT"), (field: "Driver", title: "DRIVER"),
        (field: "ID", title: "NETWORK ID"),
        (field: "IPv4", title: "IPV4"), (field: "IPv6", title: "IPV6"), (field: "Internal", title: "INTERNAL"),
        (field: "Labels", title: "LABELS"), (field: "Name", title: "NAME"), (field: "Scope", title: "SCOPE"),
    ]

    /// The fields that `--format` can name, in the order of JSON.
    static func record(_ network: NetworkDefinition, isShort: Bool) -> TemplateRecord {
        let labels = network.labels.sorted { $0.0 < $1.0 }.map { "\($0.0)=\($0.1)" }
        return TemplateRecord(
            "*network.networkContext",
            [
                ("CreatedAt", .string(createdAt(network.created))),
                ("Driver", .string(network.driver)),
                ("ID", .string(isShort ? Shortening.id(network.id) : network.id)),
                ("IPv4", .string("\(network.enableIPv4)")),
                ("IPv6", .string("\(network.enableIPv6)")),
                ("Internal", .string("\(network.isInternal)")),
                ("Labels", .string(labels.joined(separator: ","))),
                ("Name", .string(network.name)),
                ("Scope", .string("local")),
            ],
            methods: [
                (
                    "Label",
                    { arguments throws(TemplateError) in
                        guard arguments.count == 1 else {
                            throw TemplateError("wrong number of args for Label: want 1 got \(arguments.count)")
                        }
                        return .string(network.labelMap[arguments[0].text] ?? "")
                    }
                )
            ])
    }

    // As Go prints a time in UTC: without zeros at the end of the fraction.
    private static func createdAt(_ text: String) -> String {
        guard text.ends(with: "Z"), let place = text.place(of: "T") else { return text }
        var clock = text.behind(place).droppingLast(1)
        if clock.has(".") {
            while clock.lastLetter == "0" { clock = clock.droppingLast(1) }
            if clock.lastLetter == "." { clock = clock.droppingLast(1) }
        }
        return "\(text[..<place]) \(clock) +0000 UTC"
    }
}

/// Which networks `network ls` shows.
struct NetworkFilter {
    static let keys: Set<String> = ["dangling", "driver", "id", "label", "name", "scope", "type"]

    private let filters: Filters
    private let dangling: Bool?

    init(_ filters: Filters) throws {
        self.filters = filters
        for type in filters.all("type") where !["builtin", "custom"].contains(type) {
            throw FilterError("invalid filter: 'type'='\(type)'")
        }
        let values = Set(filters.all("dangling"))
        guard values.count < 2 else { throw FilterError("got more than one value for filter key \"dangling\"") }
        switch values.first {
        case nil: dangling = nil
        case "true", "1": dangling = true
        case "false", "0": dangling = false
        default:
            throw FilterError(
                "invalid value for filter 'dangling', must be \"true\" (or \"1\"), or \"false\" (or \"0\")")
        }
    }

    func admits(_ network: NetworkDefinition, _ engine: Engine) throws -> Bool {
        guard filters.admits("driver", { $0 == network.driver }),
            filters.admits("id", { Filters.matches(network.id, $0) }),
            filters.admits("name", { Filters.matches(network.name, $0) }),
            filters.admits("scope", { $0 == "local" }),
            filters.admits("type", { $0 == (network.isBuiltIn ? "builtin" : "custom") }),
            filters.admitsLabels(network.labelMap)
        else { return false }
        guard let dangling else { return true }
        return try dangling == (!network.isBuiltIn && engine.endpoints(on: network).isEmpty)
    }
}
