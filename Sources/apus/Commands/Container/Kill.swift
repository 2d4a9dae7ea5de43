import ContainerSpec
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
        let signal: Int32
        do throws(OptionError) {
            let text = parsed.string("signal") ?? ""
            signal = try SignalName.number(text.isEmpty ? "KILL" : text)
        } catch { throw CommandFailure(error.description) }
        let engine = try context.engine()
        return try EachContainer.runAtOnce(parsed.positionals, context) { name throws(EngineError) in
            try engine.killContainer(name, signal: signal)
            return name
        }
    }
}
