import Store
import DockerTypes
import Engine
import Flags
import Rendering

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
        if !names.isEmpty {
            try context.output.line("Deleted Networks:")
            for name in names { try context.output.line(name) }
            try context.output.line("")
        }
        try context.output.flush()
        for problem in problems { context.complain(problem) }
        return problems.isEmpty ? 0 : 1
    }
}
