import Bytes
import ContainerSpec
import DockerTypes
import Engine
import Flags
import Rendering

extension Verb {
    static let containerPrune = Verb(
        id: "container prune",
        syntax: CommandSyntax(
            summary: "Remove all containers that do not run", usage: ["[OPTIONS]"],
            flags: [
                Flag("filter", nil, .filter, "Remove only what satisfies the condition (until=<timestamp>)"),
                Flag("force", "f", .bool, "Do not ask"),
            ],
            arguments: .none)
    ) { parsed, context in
        let filter = try PruneFilter(context.pruneFilters(parsed, PruneFilter.keys))
        guard
            try parsed.bool("force")
                || Prompt.isYes("WARNING! This will remove all stopped containers.", context)
        else { return 0 }
        let outcome = try context.engine().pruneContainers { filter.admits($0) }
        try context.listDeleted("Containers", outcome.containers)
        return try outcome.conclude(context)
    }
}

/// The `--filter` of the commands that prune.
struct PruneFilter {
    static let keys: Set<String> = ["label", "label!", "until"]
    private let filters: Filters
    private let until: Moment?

    init(_ filters: Filters) throws {
        self.filters = filters
        guard filters.all("until").count < 2 else { throw FilterError("more than one until filter specified") }
        until = try filters.all("until").map { text in
            guard let moment = Moment(filter: text) else { throw FilterError.noTime(text) }
            return moment
        }.first
    }

    func admits(_ container: ContainerSnapshot) -> Bool {
        admits(
            created: container.description.created, labels: ContainerRow(container: container, isShort: false).labels)
    }

    /// Whether something that was made at `created` (RFC 3339) and has `labels` is meant.
    func admits(created: String?, labels: [ByteKey: String]) -> Bool {
        if let until, let moment = created.flatMap({ Moment($0) }), moment >= until { return false }
        return filters.admitsLabels(labels)
            && (!filters.has("label!") || !filters.admitsLabels(labels, name: "label!"))
    }
}

/// A question on the terminal.
enum Prompt {
    /// Prints `warning`, `separator` and Docker's question, and reads the answer. No answer is a no.
    static func isYes(_ warning: String, _ context: Context, separator: String = "\n") throws -> Bool {
        try context.output.write("\(warning)\(separator)Are you sure you want to continue? [y/N] ")
        try context.output.flush()
        let answer = (readLine() ?? "").lowercased()
        return answer == "y" || answer == "yes"
    }
}
