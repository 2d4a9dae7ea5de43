import Glibc
import Linux
import Runtime
import Store

extension Engine {
    /// Removes a directory in which files may belong to the container's users: a child in the user's namespace does it.
    /// For a process with one thread. Throws `EngineError` with exit code 1.
    func removeTree(_ path: String) throws(EngineError) {
        let run = paths.run
        let status: ExitStatus
        let cause: String
        do throws(SystemError) {
            var ends = try FileDescriptor.pipe()
            let reader = ends.takeFirst()
            let writer = ends.takeSecond()
            let output = writer.rawValue
            let child = try fork {
                do {
                    _ = try UserNamespace.enter(runDirectory: run)
                    try Files.removeTree(path)
                    return 0
                } catch {
                    let text = Array("\(error)".utf8)
                    _ = Glibc.write(output, text, text.count)
                    return 1
                }
            }
            _ = consume writer
            cause = String(decoding: try reader.readAll(limit: 1 << 16), as: UTF8.self)
            status = try waitForExit(of: child)
        } catch { throw EngineError("cannot remove \(path): \(error)", exitCode: 1) }
        guard status == .exited(code: 0) else {
            throw EngineError(
                "cannot remove all of \(path): \(cause.isEmpty ? "\(status)" : cause); 'apus system prune' tries again",
                exitCode: 1)
        }
    }
}
