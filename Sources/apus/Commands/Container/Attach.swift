import Engine
import Errors
import Flags
import Glibc
import Linux
import Supervision

extension Verb {
    static let attach = Verb(
        id: "container attach",
        syntax: CommandSyntax(
            summary: "Attach local standard input, output, and error streams to a running container",
            usage: ["[OPTIONS] CONTAINER"],
            flags: [
                SessionFlags.detachKeys,
                Flag("no-stdin", nil, .bool, "Do not attach the standard input"),
                Flag("sig-proxy", nil, .bool, "Pass signals on to the container's process", defaultValue: "true"),
            ],
            arguments: .exactly(1), completion: .runningContainers)
    ) { parsed, context in
        let engine = try context.engine()
        let name = parsed.positionals[0]
        var client = AttachedClient.Options(.standard)
        client.input = !parsed.bool("no-stdin")
        client.signalProxy = parsed.bool("sig-proxy")
        try SessionFlags.readDetachKeys(parsed, context, into: &client)
        var session = try engine.attachContainer(name, client: client)
        if client.input, try engine.hasTerminal(name), !Terminal.isTerminal(0) {
            throw CommandFailure("the input device is not a TTY")
        }
        let outcome = session.run()
        if outcome == .detached { return try SessionFlags.escaped(context) }
        return try SessionFlags.status(of: outcome, failure: 1)
    }
}

extension CallerStreams {
    /// Of this program.
    static let standard = CallerStreams(input: STDIN_FILENO, output: STDOUT_FILENO, errorOutput: STDERR_FILENO)
}

/// What commands share that have a session with a container.
enum SessionFlags {
    static let detachKeys = Flag(
        "detach-keys", nil, .string, "Key sequence that detaches from the container", placeholder: "string")

    /// Takes the keys that the user gave, or that the configuration has. Throws for what are none.
    static func readDetachKeys(
        _ parsed: ParsedArguments, _ context: Context, into client: inout AttachedClient.Options
    ) throws {
        let keys = parsed.string("detach-keys") ?? context.configuration.detachKeys
        guard !keys.isEmpty else { return }
        guard DetachKeys(keys) != nil else { throw CommandFailure("Invalid escape keys (\(keys)) provided") }
        client.detachKeys = keys
    }

    /// What Docker's client says and returns when the keys were pressed, without its name before it.
    static func escaped(_ context: Context) throws -> CInt {
        try context.errors.line("read escape sequence")
        return 1
    }

    /// The exit status of a session that has ended. Throws what the user is to be told; `failure` is the exit code of a
    /// container that could not be started, where it is not the one that it had.
    static func status(of outcome: AttachedClient.Outcome, failure: CInt?) throws(CommandFailure) -> CInt {
        switch outcome {
        case .exited(let code): return code
        case .detached: return 0
        case .interrupted(let signal): return 128 + signal
        case .failed(let code, let message): throw CommandFailure(message, status: failure ?? code)
        case .lost: throw CommandFailure(lost.message, status: failure ?? lost.status)
        }
    }

    /// A supervisor that ends without having said how the container did.
    static let lost = CommandFailure("the container's supervisor ended without a word", status: 125)
}
