import DockerTypes
import Engine
import Flags
import Rendering
import Store

extension Verb {
    static let networkPrune = Verb(
        id: "network prune",
        syntax: CommandSyntax(
            summary: "Remove all networks that no container runs on", usage: ["[OPTIONS]"],
            flags: [
                Flag(
                    "filter", nil, .filter,
                    "Remove only what satisfies the condition (until=<timestamp>, label=<key>=<value>)"),
                Flag("force", "f", .bool, "Do not ask"),
            ],
            arguments: .none)
    ) { parsed, context in
        let filters = try context.pruneFilters(parsed, PruneFilter.keys)
        let filter = try PruneFilter(filters)
        guard
            try parsed.bool("force")
                || Prompt.isYes(
                    "WARNING! This will remove all custom networks not used by at least one container.", context)
        else { return 0 }
        let (names, problems) = try context.engine().pruneNetworks { network in
            filter.admits(created: network.created, labels: network.labelMap)
        }
        try context.listDeleted("Networks", names)
        try context.output.flush()
        for problem in problems { context.complain(problem) }
        return problems.isEmpty ? 0 : 1
    }
}
