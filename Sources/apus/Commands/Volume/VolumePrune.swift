import Bytes
import DockerTypes
import Engine
import Flags
import Rendering
import Store

extension Verb {
    static let volumePrune = Verb(
        id: "volume prune",
        syntax: CommandSyntax(
            summary: "Remove volumes that no container uses", usage: ["[OPTIONS]"],
            flags: [
                Flag("all", "a", .bool, "Remove all of them, not only those without a name"),
                Flag("filter", nil, .filter, "Remove only what satisfies the condition (label=<key>=<value>)"),
                Flag("force", "f", .bool, "Do not ask"),
            ],
            arguments: .none)
    ) { parsed, context in
        let filters = try context.pruneFilters(parsed, ["all", "label", "label!"])
        guard !parsed.bool("all") || !filters.has("all") else {
            throw CommandFailure("conflicting options: cannot specify both --all and --filter all=1", status: 1)
        }
        let all = try parsed.bool("all") || isAll(filters)
        let filter = try PruneFilter(filters)
        let which = all ? "all local volumes" : "anonymous local volumes"
        guard
            try parsed.bool("force")
                || Prompt.isYes("WARNING! This will remove \(which) not used by at least one container.", context)
        else { return 0 }
        let outcome = try context.engine().pruneVolumes(all: all) {
            filter.admits(created: $0.created, labels: $0.labels)
        }
        try context.listDeleted("Volumes", outcome.volumes)
        return try outcome.conclude(context)
    }

    private static func isAll(_ filters: Filters) throws -> Bool {
        let words = filters.all("all")
        guard words.count < 2 else {
            throw FilterError(
                "invalid filter 'all=[\(words.sorted().joined(separator: " "))]': only one value is expected")
        }
        guard let word = words.first else { return false }
        guard let isAll = goBool(word) else {
            throw FilterError("invalid filter 'all': strconv.ParseBool: parsing \"\(word)\": invalid syntax")
        }
        return isAll
    }
}
