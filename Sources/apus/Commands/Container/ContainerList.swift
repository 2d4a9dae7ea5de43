import DockerTypes
import Engine
import Flags
import GoTemplate
import Rendering
import Store

extension Verb {
    static let containerList = Verb(
        id: "container ls",
        syntax: CommandSyntax(
            summary: "List containers", usage: ["[OPTIONS]"],
            flags: [
                Flag("all", "a", .bool, "Show all containers, not only those that run"),
                CommonFlags.filter,
                CommonFlags.listFormat,
                Flag("last", "n", .int, "Show the n containers created last, in whatever state", defaultValue: "-1"),
                Flag("latest", "l", .bool, "Show the container created last, in whatever state"),
                CommonFlags.noTrunc,
                Flag("quiet", "q", .bool, "Show only container IDs"),
                Flag("size", "s", .bool, "Show what each container has written, and its size with the image"),
            ],
            arguments: .none)
    ) { parsed, context in
        let filters = try parsed.filters(ContainerFilter.keys)
        let engine = try context.engine()
        let filter = try ContainerFilter(filters, engine)
        let last = parsed.bool("latest") ? 1 : parsed.int("last") ?? -1
        let showsAll = parsed.bool("all") || last > 0 || filters.has("status") || filters.has("exited")
        let (containers, problems) = try engine.listContainers(activeOnly: !showsAll)
        for problem in problems { context.complain(problem) }
        var shown = containers.filter { (showsAll || $0.state.isActive) && filter.admits($0) }
        if last > 0 { shown = Array(shown.prefix(Int(last))) }
        let format = ListFormat(
            parsed.string("format") ?? (parsed.bool("quiet") ? "" : context.configuration.containersFormat),
            table: parsed.bool("size") ? ContainerRow.table + #"\t{{.Size}}"# : ContainerRow.table,
            quiet: parsed.bool("quiet") ? "{{.ID}}" : nil)
        var rows = shown.map { ContainerRow(container: $0, isShort: !parsed.bool("no-trunc")) }
        // Every file of every container is looked at: only where somebody sees it.
        if parsed.bool("size") || format.uses("Size") { try ContainerRow.measure(&rows, engine) }
        let records = rows.map(\.record)
        try context.output.write(try format.render(records, headers: ContainerRow.headers, words: .ofContainers))
        return problems.isEmpty ? 0 : 1
    }
}
