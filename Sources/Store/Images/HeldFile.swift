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

    deinit { end() }

    /// Removes the name and lets the lock go, at once: whoever else has the value yet has a file without a name.
    func end() {
        unlink(path)
        // What another thread forks has a duplicate for a moment, and with it the lock (see `FileLock`).
        descriptor.unlock()
    }

    /// Removes the files in `folder` that nobody holds; returns the bytes that the disk got back. Throws at the first that cannot be looked at; a missing folder has
    /// none.
    @discardableResult static func sweep(_ folder: String) throws(SystemError) -> Int64 {
        guard try Files.isPresent(folder) else { return 0 }
        var freed: Int64 = 0
        for name in try Files.list(folder) {
            let path = "\(folder)/\(name)"
            // While the lock is held: whoever waits for it finds the name gone, and not only later.
            if let held = try hold(path) {
                let status = try held.status()
                if unlink(path) == 0, status.linkCount == 1 { freed += status.reclaimableBytes }
                held.unlock()
            }
        }
        return freed
    }

    /// Whether the file at `path` is not there, or nobody holds it.
    static func isAbandoned(_ path: String) throws(SystemError) -> Bool {
        if let held = try hold(path) {
            held.unlock()
            return true
        }
        return try !Files.isPresent(path)
    }

    // nil for a file that somebody holds, or that is not there.
    private static func hold(_ path: String) throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) {
            let file = try FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            guard try file.lock(waiting: false) else { return nil }
            return file
        } catch {
            if error.errno == .noEntry { return nil }
            throw error
        }
    }
}
