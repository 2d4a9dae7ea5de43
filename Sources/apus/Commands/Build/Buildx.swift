import Build
import DockerTypes
import Engine
import Flags
import OCI
import Rendering

extension Verb {
    static let buildxVersion = Verb(
        id: "buildx version",
        syntax: CommandSyntax(summary: "Show who answers to buildx here", usage: [""], arguments: .none)
    ) { _, context in
        // Two words and a version, as scripts expect them.
        try context.output.line("apus/buildx \(VersionInfo.number) apus")
        return 0
    }

    static let buildxList = Verb(
        id: "buildx ls",
        syntax: CommandSyntax(summary: "List builders: there is one", usage: [""], arguments: .none)
    ) { _, context in
        let rows = [
            "NAME/NODE\tDRIVER/ENDPOINT\tSTATUS\tBUILDKIT\tPLATFORMS", "default*\tapus\t\t\t",
            " \\_ default\t \\_ default\trunning\tapus \(VersionInfo.number)\t\(Platform.host)",
        ]
        try context.output.write(TabWriter(minimum: 10, padding: 3).aligned(rows.joined(separator: "\n") + "\n"))
        return 0
    }

    static let buildxInspect = Verb(
        id: "buildx inspect",
        syntax: CommandSyntax(
            summary: "Describe a builder", usage: ["[NAME]"],
            flags: [
                Flag("bootstrap", nil, .bool, "Start the builder: it needs no start"),
                CacheFilters.builder,
            ],
            arguments: .atMost(1))
    ) { parsed, context in
        try CacheFilters.checkBuilder(parsed, context)
        if let name = parsed.positionals.first, name != "default" { throw CacheFilters.unknown(name) }
        try context.output.write(
            """
            Name:   default
            Driver: apus

            Nodes:
            Name:             default
            Endpoint:         default
            Status:           running
            BuildKit version: apus \(VersionInfo.number)
            Platforms:        \(Platform.host)

            """)
        return 0
    }
}
