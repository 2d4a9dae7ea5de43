import Glibc

/// An advisory lock (flock(2)) on a file: held while the value lives, released by the kernel with its process.
///
/// Its end is said, and not left to the end of the descriptor: what another thread forks meanwhile has a duplicate of that
/// for a moment, and with it the lock.
package struct FileLock: ~Copyable, Sendable {
    /// Whether others may hold the lock at the same time.
    package enum Kind: Sendable { case shared, exclusive }

    package let descriptor: FileDescriptor
    private var isHandedOver = false

    /// Locks the file at `path`, which is created where it is missing, and waits as long as another holds it.
    package init(_ path: String, in directory: CInt = AT_FDCWD, _ kind: Kind = .exclusive) throws(SystemError) {
        self.descriptor = try Self.held(path, in: directory, kind)
    }

    private static func held(_ path: String, in directory: CInt, _ kind: Kind) throws(SystemError) -> FileDescriptor {
        let file = try FileDescriptor.open(path, in: directory, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        try check("flock", path) { flock(file.rawValue, kind == .shared ? LOCK_SH : LOCK_EX) }
        return file
    }

    deinit { if !isHandedOver { descriptor.unlock() } }

    /// Leaves the end of the lock to a process that was forked, which has a duplicate of the descriptor.
    package mutating func handOver() { isHandedOver = true }

    private init(held descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// Locks the file at `path` if nobody holds it; nil where somebody does.
    package static func trying(
        _ path: String, in directory: CInt = AT_FDCWD, _ kind: Kind = .exclusive
    ) throws(SystemError) -> FileLock? {
        let file = try FileDescriptor.open(path, in: directory, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        if flock(file.rawValue, (kind == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0 {
            if Errno.current == .again { return nil }
            throw SystemError("flock", path)
        }
        return FileLock(held: file)
    }
}
