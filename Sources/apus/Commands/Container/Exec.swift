import ContainerSpec
import Engine
import Errors
import Flags
import Glibc
import Linux
import Supervision

extension Verb {
    static let exec = Verb(
        id: "container exec",
        syntax: CommandSyntax(
            summary: "Execute a command in a running container",
            usage: ["[OPTIONS] CONTAINER COMMAND [ARG...]"],
            flags: [
                Flag("detach", "d", .bool, "Leave the command in the background"),
                Flag("detach-keys", nil, .string, "Key sequence that detaches from the command"),
                Flag("env", "e", .list, "Set an environment variable, NAME=value, or NAME for the caller's value"),
                Flag("env-file", nil, .list, "File with an environment variable on each line"),
                Flag("interactive", "i", .bool, "Keep the standard input open"),
                Flag("privileged", nil, .bool, "Give the command every capability"),
                Flag("tty", "t", .bool, "Give the command a terminal"),
                Flag("user", "u", .string, "User of the command, name|uid[:group|gid]"),
                Flag("workdir", "w", .string, "Working directory in the container"),
            ],
            arguments: .atLeast(2), isInterspersed: false, completion: .runningContainers)
    ) { parsed, context in try Exec.run(parsed, context) }
}

/// `apus exec`.
enum Exec {
    static func run(_ parsed: ParsedArguments, _ context: Context) throws -> CInt {
        let options = try options(parsed, context)
        let request = options.request
        if request.hasInput, request.hasTerminal, !Terminal.isTerminal(0) {
            throw CommandFailure("the input device is not a TTY")
        }
        let engine = try context.engine()
        var hasEscaped = false
        do throws(EngineError) {
            var session = try engine.exec(parsed.positionals[0], options)
            if options.isDetached {
                guard let early = session.awaitStart() else { return 0 }
                if case .failed(_, let message) = early { throw EngineError(message, .start(exitCode: 1)) }
                return try status(of: early, engine, parsed.positionals[0])
            }
            let outcome = session.run()
            if outcome == .detached {
                hasEscaped = true
            } else {
                return try status(of: outcome, engine, parsed.positionals[0])
            }
        } catch { throw CommandFailure(error.message, status: exitStatus(of: error)) }
        return hasEscaped ? try SessionFlags.escaped(context) : 0
    }

    /// A command that could not be started has a status of its own, a container that is none for a command Docker's 1.
    private static func exitStatus(of error: EngineError) -> CInt {
        switch error.kind {
        case .start(let code): code
        case .notFound, .conflict, .invalid, .cancelled: 1
        default: 125
        }
    }

    private static func options(_ parsed: ParsedArguments, _ context: Context) throws -> ExecOptions {
        var request = ExecRequest(Array(parsed.positionals.dropFirst()))
        func caller(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        // Files come before single values, whatever their order was.
        for path in parsed.list("env-file") {
            let content: [UInt8]
            do throws(SystemError) { content = try Files.readGiven(path, limit: 16 << 20) } catch {
                throw CommandFailure("open \(path): \(error.errno)")
            }
            request.environment += try Environment.variables(inFile: content, name: path, caller: caller)
        }
        for text in parsed.list("env") { request.environment.append(try Environment.variable(text, caller: caller)) }
        request.user = parsed.string("user")
        request.workingDirectory = parsed.string("workdir")
        request.isPrivileged = parsed.bool("privileged")
        request.hasTerminal = parsed.bool("tty")
        let isDetached = parsed.bool("detach")
        request.hasInput = parsed.bool("interactive") && !isDetached
        request.hasOutput = !isDetached
        var client = AttachedClient.Options(.standard)
        try SessionFlags.readDetachKeys(parsed, context, into: &client)
        var options = ExecOptions(request, client: client)
        options.isDetached = isDetached
        return options
    }

    private static func status(
        of outcome: AttachedClient.Outcome, _ engine: Engine, _ container: String
    ) throws(EngineError) -> CInt {
        switch outcome {
        case .exited(let code): return code
        case .detached: return 0
        case .interrupted(let signal): return 128 + signal
        case .failed(let code, let message): throw EngineError(message, .start(exitCode: code))
        case .lost: throw engine.lossOfExec(container)
        }
    }
}
