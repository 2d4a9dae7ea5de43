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
        try SessionFlags.readDetachKeys(parsed, into: &client)
        var session = try engine.attachContainer(name, client: client)
        if client.input, try engine.hasTerminal(name), !Terminal.isTerminal(0) {
            throw CommandFailure("the input device is not a TTY")
        }
        let outcome = session.run()
        if outcome == .detached { throw CommandFailure("read escape sequence") }
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

    /// Takes the keys that the user gave. Throws for what are none.
    static func readDetachKeys(_ parsed: ParsedArguments, into client: inout AttachedClient.Options) throws {
        guard let keys = parsed.string("detach-keys") else { return }
        guard DetachKeys(keys) != nil else { throw CommandFailure("Invalid escape keys (\(keys)) provided") }
        client.detachKeys = keys
    }

    /// The exit status of a session that has ended. Throws what the user is to be told; `failure` is the exit code of a
    /// container that could not be started, where it is not the one that it had.
    static func status(of outcome: AttachedClient.Outcome, failure: CInt?) throws(CommandFailure) -> CInt {
        switch outcome {
        case .exited(let code): return code
        case .detached: return 0
        case .interrupted(let signal): return 128 + signal
        case .failed(let code, let message): throw CommandFailure(message, status: failure ?? code)
        case .lost: throw CommandFailure("the container's supervisor ended without a word", status: failure ?? 125)
        }
    }
}
