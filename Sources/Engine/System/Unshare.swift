package import Errors
import Glibc
package import Linux
import Runtime
package import Store

/// `unshare`: a command in the user's namespace, where all of the user's ids are seen, and may be used.
package enum Unshare {
    /// Brings the calling process, which must have one thread, into the namespace that the user's containers share, as its root,
    /// with a mount namespace of its own that receives the host's mounts and gives none back; and executes `command` there,
    /// which messages call `program`. No process is left beside it: signals and the terminal are the command's.
    ///
    /// Returns only by throwing: `EngineError` of the kind `start`, with Docker's exit codes. `paths` need not be there.
    package static func execute(
        _ command: Replacement, called program: String, _ paths: StorePaths
    ) throws(EngineError) -> Never {
        // Root has no namespace: its containers' ids are the host's.
        if case .host = UserNamespace.plan().mode {
            throw EngineError("please use unshare with rootless", .start(exitCode: 125))
        }
        do throws(UserNamespaceError) { _ = try UserNamespace.enter(runDirectory: paths.run) } catch {
            throw EngineError(error.description, .start(exitCode: 125))
        }
        Signals.heedFileSizeLimit()
        throw refusal(program, command.execute())
    }

    private static func refusal(_ program: String, _ errno: Errno) -> EngineError {
        let isPath = program.utf8.contains(UInt8(ascii: "/"))
        switch errno {
        case .noEntry, .notDirectory:
            let why = isPath ? "stat \(program): \(errno)" : "executable file not found in $PATH"
            return EngineError("exec: \"\(program)\": \(why)", .start(exitCode: 127))
        default: return EngineError("exec: \"\(program)\": \(errno)", .start(exitCode: 126))
        }
    }
}
