import Build
import DockerTypes
import Engine
import Flags
import OCI
import Rendering
import Store

extension Verb {
    static let systemPrune = Verb(
        id: "system prune",
        syntax: CommandSyntax(
            summary: "Remove what is not used, and what killed commands left behind", usage: ["[OPTIONS]"],
            flags: [
                Flag("all", "a", .bool, "Remove all images without a container, not only those without a name"),
                Flag("filter", nil, .filter, "Remove only what satisfies the condition (label=<key>=<value>)"),
                Flag("force", "f", .bool, "Do not ask"),
                Flag("volumes", nil, .bool, "Remove volumes without a name, too"),
            ],
            arguments: .none)
    ) { parsed, context in
        let filters = try context.pruneFilters(parsed, PruneFilter.keys)
        guard !parsed.bool("volumes") || !filters.has("until") else {
            throw CommandFailure("ERROR: The \"until\" filter is not supported with \"--volumes\"", status: 1)
        }
        let filter = try PruneFilter(filters)
        let all = parsed.bool("all")
        let volumes = parsed.bool("volumes") ? "\n  - all anonymous volumes not used by at least one container" : ""
        let warning = """
            WARNING! This will remove:
              - all stopped containers
              - all networks not used by at least one container\(volumes)
              - all \(all ? "images without at least one container associated to them" : "dangling images")
              - \(all ? "all" : "unused") build cache
              - what killed commands left behind
            \(list(filters))
            """
        guard try parsed.bool("force") || Prompt.isYes(warning, context) else { return 0 }
        let engine = try context.engine()
        var total = try engine.pruneContainers { filter.admits($0) }
        let networks = try engine.pruneNetworks { filter.admits(created: $0.created, labels: $0.labelMap) }
        total.problems += networks.problems
        if parsed.bool("volumes") {
            total.add(
                try engine.pruneVolumes(all: false) { filter.admits(created: $0.created, labels: $0.labels) })
        }
        total.add(try engine.pruneLeftovers())
        total.add(
            try engine.pruneImages(all: all) { image in
                filter.admits(created: image.config.created, labels: image.config.config?.labels ?? [:])
            })
        let cache = try engine.pruneBuildCache(cachePrune(filters, all: all))
        total.reclaimed += cache.reclaimed
        total.problems += cache.problems
        try context.listDeleted("Containers", total.containers)
        try context.listDeleted("Networks", networks.names)
        try context.listDeleted("Volumes", total.volumes)
        try total.listImages(context)
        try context.listDeleted("build cache objects", cache.removed.map(\.id))
        return try total.conclude(context)
    }

    // Records of the cache have no labels: filters of those do not count for them, as with Docker.
    private static func cachePrune(_ filters: Filters, all: Bool) -> BuildCachePrune {
        var prune = BuildCachePrune()
        prune.all = all
        if let until = filters.all("until").first.flatMap({ Moment(filter: $0) }) {
            let seconds = Moment.now.seconds(since: until)
            prune.unusedFor = seconds > 0 ? Int64(exactly: (min(seconds, 9e9) * 1e9).rounded()) : 0
        }
        return prune
    }

    private static func list(_ filters: Filters) -> String {
        let lines = PruneFilter.keys.sorted().flatMap { key in filters.all(key).map { "\n  - \(key)=\($0)" } }
        return lines.isEmpty ? "" : "\n  Items to be pruned will be filtered with:\(lines.joined())\n"
    }
}

extension PruneOutcome {
    fileprivate mutating func add(_ other: PruneOutcome) {
        containers += other.containers
        images += other.images
        volumes += other.volumes
        reclaimed += other.reclaimed
        for problem in other.problems where !problems.contains(problem) { problems.append(problem) }
    }
}
