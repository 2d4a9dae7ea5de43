import DockerTypes
import Engine
import Errors
import Flags
import Linux
import Store
import Supervision

extension Verb {
    static let start = Verb(
        id: "container start",
        syntax: CommandSyntax(
            summary: "Start one or more stopped containers", usage: ["[OPTIONS] CONTAINER [CONTAINER...]"],
            flags: [
                Flag("attach", "a", .bool, "Attach the standard output and error, and pass signals on"),
                Flag("checkpoint", nil, .string, "", isHidden: true),
                Flag("checkpoint-dir", nil, .string, "", isHidden: true),
                SessionFlags.detachKeys,
                Flag("interactive", "i", .bool, "Attach the container's standard input"),
            ],
            arguments: .atLeast(1), completion: .containers)
    ) { parsed, context in
        // As Docker without its experimental features: known, and not to be had.
        for name in ["checkpoint", "checkpoint-dir"] where parsed.string(name)?.isEmpty == false {
            throw CommandFailure(
                "\"--\(name)\" is only supported on a Docker daemon with experimental features enabled")
        }
        if parsed.bool("attach") || parsed.bool("interactive") { return try Start.attached(parsed, context) }
        return try Start.detached(parsed.positionals, context)
    }
}

/// `apus start`.
enum Start {
    /// Starts all, and says which could not be started.
    static func detached(_ names: [String], _ context: Context) throws -> CInt {
        let engine = try context.engine()
        var failed: [String] = []
        for name in names {
            do throws(EngineError) {
                guard try engine.container(name).state.status != .paused else {
                    throw EngineError("cannot start a paused container, try unpause instead", .conflict)
                }
                if case .starting(let container) = try engine.startContainer(
                    name, client: .detached(.standard), lingering: Run.lingering)
                {
                    switch container.awaitStart() {
                    case nil, .exited, .detached, .interrupted: break
                    case .failed(_, let message): throw EngineError(message)
                    case .lost: throw EngineError("its supervisor ended without a word", .unavailable)
                    }
                }
                try? context.output.line(name)
            } catch {
                try context.output.flush()
                context.complain(error.message)
                failed.append(name)
            }
        }
        guard !failed.isEmpty else { return 0 }
        throw CommandFailure("failed to start containers: \(failed.joined(separator: ", "))")
    }

    /// Starts one and stays with it.
    static func attached(_ parsed: ParsedArguments, _ context: Context) throws -> CInt {
        guard parsed.positionals.count == 1 else {
            throw CommandFailure("you cannot start and attach multiple containers at once")
        }
        let engine = try context.engine()
        let name = parsed.positionals[0]
        var client = AttachedClient.Options(.standard)
        client.input = parsed.bool("interactive")
        try SessionFlags.readDetachKeys(parsed, context, into: &client)
        if client.input, try engine.hasTerminal(name), !Terminal.isTerminal(0) {
            throw CommandFailure("the input device is not a TTY")
        }
        switch try engine.startContainer(name, client: client, lingering: Run.lingering) {
        case .starting(var container):
            return try SessionFlags.status(of: container.attach(), failure: 1)
        case .running:
            var session = try engine.attachContainer(name, client: client)
            return try SessionFlags.status(of: session.run(), failure: 1)
        }
    }
}
