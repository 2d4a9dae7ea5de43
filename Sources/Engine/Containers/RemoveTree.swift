import Linux
import Runtime
import Store

extension Engine {
    /// Removes a directory in which files may belong to the container's users: a child in the user's namespace does it.
    /// For a process with one thread. Throws `EngineError` with exit code 1.
    func removeTree(_ path: String) throws(EngineError) {
        let run = paths.run
        let status: ExitStatus
        do throws(SystemError) {
            status = try waitForExit(
                of: fork {
                    do {
                        _ = try UserNamespace.enter(runDirectory: run)
                        try Files.removeTree(path)
                        return 0
                    } catch { return 1 }
                })
        } catch { throw EngineError("cannot remove \(path): \(error)", exitCode: 1) }
        guard status == .exited(code: 0) else {
            throw EngineError("cannot remove all of \(path): 'apus system prune' tries again", exitCode: 1)
        }
    }
}
