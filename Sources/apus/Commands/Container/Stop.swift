import ContainerSpec
import Engine
import Errors
import Flags

/// The flags of `stop` and `restart`.
enum StopFlags {
    static let all = [
        Flag("signal", "s", .string, "Signal to send to the container"),
        Flag("timeout", "t", .int, "Seconds to wait before the container is killed, -1 for ever", aliases: []),
        Flag("time", nil, .int, "", deprecated: "use --timeout instead"),
    ]

    /// What the user gave. Throws for what is no signal.
    static func read(_ parsed: ParsedArguments) throws -> (signal: Int32?, timeout: Int?) {
        let signal: Int32?
        do throws(OptionError) {
            signal = try parsed.string("signal").map { text throws(OptionError) in try SignalName.number(text) }
        } catch { throw CommandFailure(error.description) }
        return (signal, (parsed.int("timeout") ?? parsed.int("time")).map { Int($0) })
    }
}

extension Verb {
    static let stop = Verb(
        id: "container stop",
        syntax: CommandSyntax(
            summary: "Stop one or more running containers", usage: ["[OPTIONS] CONTAINER [CONTAINER...]"],
            flags: StopFlags.all, arguments: .atLeast(1), completion: .runningContainers)
    ) { parsed, context in
        let (signal, timeout) = try StopFlags.read(parsed)
        let engine = try context.engine()
        return try EachContainer.runAtOnce(parsed.positionals, context) { name throws(EngineError) in
            try engine.stopContainer(name, signal: signal, timeout: timeout)
            return name
        }
    }
}
