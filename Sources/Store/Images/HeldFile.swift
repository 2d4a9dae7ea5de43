import Glibc
import Linux

/// A new file that its maker holds locked as long as it is in use, so that a sweep can tell it from what a
/// killed process left. The name goes with the value.
final class HeldFile: Sendable {
    let path: String
    let descriptor: FileDescriptor

    /// Creates a file in `folder` whose name begins with `prefix`.
    init(in folder: String, prefix: String) throws(SystemError) {
        while true {
            let path = "\(folder)/\(prefix).\(getpid()).\(randomHex(bytes: 6))"
            let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND, mode: 0o600)
            try file.lock()
            // Between the creation and the lock a sweep may have taken it for abandoned.
            if try file.status().raw.st_nlink > 0 {
                self.path = path
                descriptor = file
                return
            }
        }
    }

    deinit { unlink(path) }

    /// Removes the files in `folder` that nobody holds.
    static func sweep(_ folder: String) {
        for name in (try? Files.list(folder)) ?? [] { _ = removeAbandoned("\(folder)/\(name)") }
    }

    /// Removes the file at `path` if nobody holds it; whether it is gone.
    static func removeAbandoned(_ path: String) -> Bool {
        guard let file = try? FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else { return true }
        guard (try? file.lock(waiting: false)) == true else { return false }
        // While the lock is held: whoever waits for it finds the name gone, and not only later.
        unlink(path)
        return true
    }
}
