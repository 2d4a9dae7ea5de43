import Build
import Bytes
import Engine
import Flags
import GoTemplate
import Linux
import Rendering

extension Verb {
    static let builderDiskUsage = Verb(
        id: "builder du",
        syntax: CommandSyntax(
            summary: "Show what the cache of builds takes on the disk", usage: ["[OPTIONS]"],
            flags: [
                CacheFilters.builder,
                Flag("filter", nil, .filter, "Show only what satisfies the condition (type=regular)"),
                CommonFlags.listFormat,
                Flag("verbose", nil, .bool, "Shorthand for --format=pretty"),
            ],
            arguments: .none)
    ) { parsed, context in
        try CacheFilters.checkBuilder(parsed, context)
        var prune = BuildCachePrune()
        try CacheFilters.read(parsed, &prune)
        let now = Timestamp.now()
        prune.all = true
        let wanted = parsed.string("format") ?? ""
        let records = try context.engine().buildCache()
            .filter { record in
                var idle = record
                // It is shown whether it is in use or not.
                idle.isInUse = false
                return prune.admits(idle, now: now) && prune.filters.allSatisfy { $0.admits(record) }
            }
            .sorted { ($0.size, $0.id) < ($1.size, $1.id) }
        if parsed.bool("verbose") || wanted == "pretty" {
            for record in records { try context.output.write(BuildCacheRow.details(record)) }
        } else {
            let format = ListFormat(wanted, table: BuildCacheRow.table)
            let isTable = wanted.isEmpty || wanted.begins(with: "table")
            try context.output.write(
                try format.render(
                    records.map { BuildCacheRow.record($0, marks: isTable) }, headers: BuildCacheRow.headers))
            guard isTable else { return 0 }
        }
        // A sum of some would look like one of all.
        if parsed.list("filter").isEmpty { try context.output.write(BuildCacheRow.sums(records)) }
        return 0
    }
}

/// A record of the cache in tables.
enum BuildCacheRow {
    static let table = #"{{.ID}}\t{{.Reclaimable}}\t{{.Size}}\t{{.LastUsedAt}}"#
    static let headers = [
        (field: "CreatedAt", title: "CREATED AT"), (field: "Description", title: "DESCRIPTION"),
        (field: "ID", title: "ID"), (field: "LastUsedAt", title: "LAST ACCESSED"),
        (field: "Mutable", title: "MUTABLE"), (field: "Parents", title: "PARENTS"),
        (field: "Reclaimable", title: "RECLAIMABLE"), (field: "Shared", title: "SHARED"),
        (field: "Size", title: "SIZE"), (field: "Type", title: "TYPE"), (field: "UsageCount", title: "USAGE COUNT"),
    ]

    /// The fields that `--format` can name, in the order of JSON. `marks`: what is mutable or shared has an asterisk.
    static func record(_ record: BuildCacheRecord, marks: Bool = false) -> TemplateRecord {
        TemplateRecord(
            "*commands.diskusageContext",
            [
                ("CreatedAt", .string(moment(record.created))), ("Description", .string(record.description)),
                ("ID", .string(record.id + (marks && record.isMutable ? "*" : ""))),
                ("LastUsedAt", .string(age(record))), ("Mutable", .bool(record.isMutable)),
                ("Parents", record.parents.isEmpty ? .null : .list(record.parents.map { .string($0) })),
                ("Reclaimable", .bool(!record.isInUse)), ("Shared", .bool(record.isShared)),
                ("Size", .string(HumanSize.decimal(record.size) + (marks && record.isShared ? "*" : ""))),
                ("Type", .string(record.kind.rawValue)), ("UsageCount", .int(Int64(record.useCount))),
            ])
    }

    /// All that is known of `record`, one line each, and an empty line.
    static func details(_ record: BuildCacheRecord) -> String {
        var lines = ["ID:\t\(record.id)"]
        if !record.parents.isEmpty { lines += ["Parents:"] + record.parents.map { " - \($0)" } }
        lines += [
            "Created at:\t\(moment(record.created))", "Mutable:\t\(record.isMutable)",
            "Reclaimable:\t\(!record.isInUse)", "Shared:\t\(record.isShared)",
            "Size:\t\(HumanSize.decimal(record.size))", "Description:\t\(record.description)",
            "Usage count:\t\(record.useCount)",
        ]
        if record.lastUsed != nil { lines.append("Last used:\t\(age(record))") }
        lines.append("Type:\t\(record.kind.rawValue)")
        return lines.map { line in
            guard let tab = line.place(of: "\t") else { return line + "\n" }
            let name = String(line[..<tab])
            return name + String(repeating: " ", count: max(1, 14 - name.utf8.count)) + line.behind(tab) + "\n"
        }.joined() + "\n"
    }

    /// What a prune removed, in columns; nothing where it removed nothing.
    static func removed(_ records: [BuildCacheRecord]) -> String {
        guard !records.isEmpty else { return "" }
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.utf8.count))
        }
        var text = "ID\t\t\t\t\t\tRECLAIMABLE\tSIZE\t\tLAST ACCESSED\n"
        for record in records {
            let id = padded(record.id + (record.isMutable ? "*" : ""), 40)
            text += "\(id)\t\(padded("true", 5))\t\(padded(HumanSize.decimal(record.size), 10))\t\(age(record))\n"
        }
        return text
    }

    /// How much is shared and private, can go, and is there.
    static func sums(_ records: [BuildCacheRecord]) -> String {
        func sum(_ isMeant: (BuildCacheRecord) -> Bool) -> Int64 {
            records.filter(isMeant).reduce(0) { $0.addingReportingOverflow($1.size).partialValue }
        }
        let shared = sum(\.isShared)
        var text = ""
        if shared > 0 {
            text += "Shared:\t\t\(HumanSize.decimal(shared))\nPrivate:\t\(HumanSize.decimal(sum { !$0.isShared }))\n"
        }
        return text
            + "Reclaimable:\t\(HumanSize.decimal(sum { !$0.isInUse }))\nTotal:\t\t\(HumanSize.decimal(sum { _ in true }))\n"
    }

    /// How long ago it was used; empty where it never was.
    static func age(_ record: BuildCacheRecord) -> String {
        guard let used = record.lastUsed else { return "" }
        return Moment(seconds: Int64(used.seconds), nanoseconds: Int64(used.nanoseconds)).ago()
    }

    /// How long ago it was made.
    static func madeAgo(_ record: BuildCacheRecord) -> String {
        Moment(seconds: Int64(record.created.seconds), nanoseconds: Int64(record.created.nanoseconds)).ago()
    }

    // Go's Time.String of a time in UTC.
    private static func moment(_ time: Timestamp) -> String {
        let text = time.rfc3339
        guard let mark = text.place(of: "T") else { return text }
        var clock = text.behind(mark).droppingLast(1)
        while clock.has("."), clock.lastLetter == "0" { clock = clock.droppingLast(1) }
        if clock.lastLetter == "." { clock = clock.droppingLast(1) }
        return "\(text[..<mark]) \(clock) +0000 UTC"
    }
}
