import DockerTypes
import Engine
import Flags
import OCI
import Rendering
import Store

extension Verb {
    static let imagePrune = Verb(
        id: "image prune",
        syntax: CommandSyntax(
            summary: "Remove images that no container was made from", usage: ["[OPTIONS]"],
            flags: [
                Flag("all", "a", .bool, "Remove all of them, not only those without a name"),
                Flag(
                    "filter", nil, .filter,
                    "Remove only what satisfies the condition (until=<timestamp>, label=<key>=<value>)"),
                Flag("force", "f", .bool, "Do not ask"),
            ],
            arguments: .none)
    ) { parsed, context in
        let filters = try context.pruneFilters(parsed, PruneFilter.keys.union(["dangling"]))
        let all = try isAll(parsed.bool("all"), filters)
        let filter = try PruneFilter(filters)
        let which =
            parsed.bool("all") ? "images without at least one container associated to them." : "dangling images."
        guard try parsed.bool("force") || Prompt.isYes("WARNING! This will remove all \(which)", context) else {
            return 0
        }
        let outcome = try context.engine().pruneImages(all: all) { image in
            filter.admits(created: image.config.created, labels: image.config.config?.labels ?? [:])
        }
        try outcome.listImages(context)
        return try outcome.conclude(context)
    }

    // Docker's client adds what --all says to the filters, and its engine reads them: other words than these are nothing.
    private static func isAll(_ flag: Bool, _ filters: Filters) throws -> Bool {
        let words = [flag ? "false" : "true"] + filters.all("dangling")
        let isFalse = words.contains { $0 == "false" || $0 == "0" }
        let isTrue = words.contains { $0 == "true" || $0 == "1" }
        guard isFalse != isTrue else {
            throw FilterError("invalid filter 'dangling=[\(words.joined(separator: " "))]'")
        }
        return isFalse
    }
}
