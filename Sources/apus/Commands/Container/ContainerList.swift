import ContainerSpec
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
        for place in shown.indices where mayBeOnInternalNetworks(shown[place]) {
            // One that has gone meanwhile is shown as it was.
            guard let whole = try? engine.container(shown[place].id) else { continue }
            shown[place].network.places = whole.network.places
        }
        if parsed.bool("quiet"), !(parsed.string("format") ?? "").isEmpty {
            context.warn("Ignoring custom format, because both --format and --quiet are set.")
        }
        let isQuiet = parsed.bool("quiet")
        var wanted = parsed.string("format") ?? (isQuiet ? "" : context.configuration.containersFormat)
        let isRaw = wanted == "raw"
        if isRaw { wanted = isQuiet ? ContainerRow.rawID : ContainerRow.raw(parsed.bool("size")) }
        let format = ListFormat(
            wanted, table: parsed.bool("size") ? ContainerRow.table + #"\t{{.Size}}"# : ContainerRow.table,
            quiet: isQuiet && !isRaw ? "{{.ID}}" : nil)
        var rows = shown.map { ContainerRow(container: $0, isShort: !parsed.bool("no-trunc")) }
        // Every file of every container is looked at: only where somebody sees it.
        if parsed.bool("size") || format.uses("Size") { try ContainerRow.measure(&rows, engine) }
        let records = rows.map(\.record)
        try context.output.write(try format.render(records, headers: ContainerRow.headers, words: .ofContainers))
        return problems.isEmpty ? 0 : 1
    }
    // Lists do not read what networks a container is on. It matters where its ports could be published and are not; nobody can
    // make the default network internal.
    private static func mayBeOnInternalNetworks(_ container: ContainerSnapshot) -> Bool {
        guard container.state.isActive, container.network.ports.isEmpty else { return false }
        return container.description.options.networkMode != .automatic && !container.publishablePorts.isEmpty
    }
}
