import DockerTypes
import Engine
import Flags
import Glibc
import GoTemplate
import Linux
import Rendering
import Store

extension Verb {
    static let stats = Verb(
        id: "container stats",
        syntax: CommandSyntax(
            summary: "Show what containers use, again and again", usage: ["[OPTIONS] [CONTAINER...]"],
            flags: [
                Flag("all", "a", .bool, "Show all containers, not only those that run"),
                CommonFlags.listFormat,
                Flag("no-stream", nil, .bool, "Show it once and end"),
                CommonFlags.noTrunc,
            ],
            completion: .runningContainers)
    ) { parsed, context in
        let engine = try context.engine()
        var display = StatsDisplay(
            engine: engine, names: parsed.positionals, showsAll: parsed.bool("all"),
            format: ListFormat(parsed.string("format") ?? context.configuration.statsFormat, table: StatsRow.table),
            isShort: !parsed.bool("no-trunc"))
        // A name that is not there is an error before anything is shown.
        for name in parsed.positionals { _ = try engine.container(name) }
        try display.sample(context)
        let output = Output(1, limit: 1 << 16)
        let redraws = !parsed.bool("no-stream") && Terminal.isTerminal(1)
        while true {
            sleep(1)
            try display.sample(context)
            let text = try display.render()
            if redraws { try output.write("\u{1B}[H\u{1B}[J") }
            try output.write(text)
            try output.flush()
            if parsed.bool("no-stream") { return 0 }
        }
    }
}

/// The numbers of the containers at this and the last moment.
private struct StatsDisplay {
    let engine: Engine
    let names: [String]
    let showsAll: Bool
    let format: ListFormat
    let isShort: Bool
    private var rows: [StatsRow] = []
    private var last: [String: ContainerUsage] = [:]
    private var hasSaidSource = false

    init(engine: Engine, names: [String], showsAll: Bool, format: ListFormat, isShort: Bool) {
        self.engine = engine
        self.names = names
        self.showsAll = showsAll
        self.format = format
        self.isShort = isShort
    }

    mutating func sample(_ context: Context) throws {
        let containers =
            names.isEmpty
            ? try engine.listContainers(activeOnly: !showsAll).containers.filter { showsAll || $0.state.isActive }
            : names.compactMap { try? engine.container($0) }
        var usages: [String: ContainerUsage] = [:]
        var places: [String: Int] = [:]
        if !names.isEmpty { for (place, container) in containers.enumerated() { places[container.id] = place } }
        rows = containers.map { container in
            let usage = engine.usage(of: container)
            usages[container.id] = usage
            var row = StatsRow(container: container, usage: usage, last: last[container.id], isShort: isShort)
            // By the name under which it was asked for.
            if names.count == containers.count, let place = places[container.id] { row.asked = names[place] }
            return row
        }
        last = usages
        if !hasSaidSource, usages.values.contains(where: { $0.source == .processes }) {
            hasSaidSource = true
            context.warn(
                "without a control group of their own, containers' usage is summed up from the processes in /proc: "
                    + "what has ended is not all counted")
        }
    }

    func render() throws -> String { try format.render(rows.map(\.record), headers: StatsRow.headers) }
}

/// One line of `stats`.
private struct StatsRow {
    let container: ContainerSnapshot
    /// nil for a container that does not run.
    let usage: ContainerUsage?
    /// What it was a moment ago.
    let last: ContainerUsage?
    let isShort: Bool
    var asked: String?

    static let table =
        #"{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}"#
    static let headers = [
        (field: "BlockIO", title: "BLOCK I/O"), (field: "CPUPerc", title: "CPU %"),
        (field: "Container", title: "CONTAINER"), (field: "ID", title: "CONTAINER ID"),
        (field: "MemPerc", title: "MEM %"), (field: "MemUsage", title: "MEM USAGE / LIMIT"),
        (field: "Name", title: "NAME"), (field: "NetIO", title: "NET I/O"), (field: "PIDs", title: "PIDS"),
    ]

    var record: TemplateRecord {
        let id = isShort ? Shortening.id(container.id) : container.id
        return TemplateRecord(
            "*container.statsContext",
            [
                ("BlockIO", .string(pair(usage?.readFromDisk, usage?.writtenToDisk))),
                ("CPUPerc", .string(usage.map { Self.percent(processorShare($0)) } ?? "--")),
                ("Container", .string(asked ?? id)), ("ID", .string(id)),
                (
                    "MemPerc",
                    .string(
                        usage.map {
                            Self.percent($0.memoryLimit > 0 ? Double($0.memory) / Double($0.memoryLimit) * 100 : 0)
                        } ?? "--")
                ),
                (
                    "MemUsage",
                    .string(
                        usage.map { "\(HumanSize.binary($0.memory)) / \(HumanSize.binary($0.memoryLimit))" }
                            ?? "-- / --")
                ),
                ("Name", .string(container.name)), ("NetIO", .string(pair(usage?.received, usage?.sent))),
                ("PIDs", .string(usage.map { String($0.tasks) } ?? "--")),
            ])
    }

    private func pair(_ one: Int64?, _ other: Int64?) -> String {
        guard let one, let other else { return "--" }
        return "\(HumanSize.decimal(one, digits: 3)) / \(HumanSize.decimal(other, digits: 3))"
    }

    // In hundredths of one processor.
    private func processorShare(_ now: ContainerUsage) -> Double {
        guard let last, now.moment > last.moment, now.processorTime >= last.processorTime else { return 0 }
        return Double(now.processorTime - last.processorTime) / Double(now.moment - last.moment) * 100
    }

    private static func percent(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)%"
    }
}
