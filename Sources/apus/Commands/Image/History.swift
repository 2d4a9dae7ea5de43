import Bytes
import DockerTypes
import Engine
import Flags
import GoTemplate
import Rendering

extension Verb {
    static let history = Verb(
        id: "image history",
        syntax: CommandSyntax(
            summary: "Show how an image was made", usage: ["[OPTIONS] IMAGE"],
            flags: [
                CommonFlags.listFormat,
                Flag("human", "H", .bool, "Print sizes and dates for people", defaultValue: "true"),
                CommonFlags.noTrunc,
                Flag("platform", nil, .string, "Platform of the image, os[/architecture[/variant]]"),
                Flag("quiet", "q", .bool, "Show only image IDs"),
            ],
            arguments: .exactly(1), completion: .images)
    ) { parsed, context in
        let entries = try context.engine().imageHistory(parsed.positionals[0], platform: parsed.string("platform"))
        let isShort = !parsed.bool("no-trunc")
        let isForPeople = parsed.bool("human")
        let records = entries.map { entry in
            let created = entry.created.flatMap { Moment($0) }
            let command = entry.createdBy.split(on: "\t", omittingEmptySubsequences: false).joined(
                separator: " ")
            return TemplateRecord(
                "*image.historyContext",
                [
                    ("Comment", .string(entry.comment)),
                    ("CreatedAt", .string(created?.rfc3339 ?? "")),
                    ("CreatedBy", .string(isShort ? Shortening.ellipsis(command, 45) : command)),
                    ("CreatedSince", .string(isForPeople ? created?.ago() ?? "N/A" : created?.rfc3339 ?? "")),
                    ("ID", .string(isShort ? Shortening.id(entry.id) : entry.id)),
                    ("Size", .string(isForPeople ? HumanSize.decimal(entry.size, digits: 3) : String(entry.size))),
                ])
        }
        let table = #"{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"#
        let plain = #"{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"#
        let wanted = parsed.string("format") ?? ""
        // What a template asks for is more than ids.
        let isQuiet = parsed.bool("quiet") && ["", "table"].contains(wanted)
        let format = ListFormat(wanted, table: isForPeople ? table : plain, quiet: isQuiet ? "{{.ID}}" : nil)
        let headers = [
            (field: "Comment", title: "COMMENT"), (field: "CreatedAt", title: "CREATED AT"),
            (field: "CreatedBy", title: "CREATED BY"), (field: "CreatedSince", title: "CREATED"),
            (field: "ID", title: "IMAGE"), (field: "Size", title: "SIZE"),
        ]
        try context.output.write(try format.render(records, headers: headers))
        return 0
    }
}
