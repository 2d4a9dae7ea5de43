import Glibc

extension FileDescriptor {
    /// Locks the open file, a directory too (flock(2)). Returns false where somebody else holds the lock and
    /// `waiting` is false. The lock belongs to the open file: it ends when the last duplicate is closed, those
    /// of forked children included.
    @discardableResult
    package func lock(_ kind: FileLock.Kind = .exclusive, waiting: Bool = true) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try check("flock") { flock(rawValue, (kind == .shared ? LOCK_SH : LOCK_EX) | (waiting ? 0 : LOCK_NB)) }
            return true
        } catch  where error.errno == .again {
            return false
        }
    }

    /// Releases the lock for every duplicate of the descriptor, those of other processes included.
    package func unlock() { _ = flock(rawValue, LOCK_UN) }

    /// What fstat(2) says.
    package func status() throws(SystemError) -> FileStatus {
        var value = stat()
        try check("fstat") { fstat(rawValue, &value) }
        return FileStatus(value)
    }
}
