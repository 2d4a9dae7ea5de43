import Engine
import Errors
import Flags

extension Verb {
    static let kill = Verb(
        id: "container kill",
        syntax: CommandSyntax(
            summary: "Kill one or more running containers", usage: ["[OPTIONS] CONTAINER [CONTAINER...]"],
            flags: [Flag("signal", "s", .string, "Signal to send to the container", defaultValue: "KILL")],
            arguments: .atLeast(1), completion: .runningContainers)
    ) { parsed, context in
        let text = parsed.string("signal").flatMap { $0.isEmpty ? nil : $0 } ?? "KILL"
        let engine = try context.engine()
        return try EachContainer.runAtOnce(parsed.positionals, context) { name throws(EngineError) in
            try engine.killContainer(name, signal: text)
            return name
        }
    }
}
