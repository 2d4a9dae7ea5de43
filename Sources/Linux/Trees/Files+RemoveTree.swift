import Glibc

extension Files {
    /// Removes what `path` names and everything below it, never following a symbolic link and never
    /// leaving the file system by one; a missing path is no error. Directories that forbid it are opened
    /// up first. Takes some twenty descriptors, however deep the tree is. Throws `SystemError` about the first name that
    /// could not be removed.
    package static func removeTree(_ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD) throws(SystemError) {
        var freed: Int64 = 0
        try removeTree(path, in: directory, freed: &freed)
    }

    /// The same; adds to `freed` the bytes of content that the disk has got back (`FileStatus.reclaimableBytes`), also where it
    /// throws. A file that has another name elsewhere counts nothing.
    package static func removeTree(
        _ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD, freed: inout Int64
    ) throws(SystemError) {
        let name = RawName(UnsafeBufferPointer(start: path, count: strlen(path) + 1))
        if try remove(name, in: directory, &freed) { return }
        do throws(SystemError) {
            let root = try open(raw: name, in: directory, O_RDONLY | O_DIRECTORY)
            try walk(below: root.rawValue) { (directory, name) throws(SystemError) in
                try !remove(name, in: directory, &freed)
            } leave: { (directory, name) throws(SystemError) in
                try removeDirectory(name, in: directory)
            }
        } catch  where error.errno == .noEntry {
            // Somebody else removed it meanwhile.
        } catch {
            let place = name.abbreviated
            throw SystemError(
                error.call, error.object.map { $0 == place ? $0 : place + "/" + $0 } ?? place, error.errno)
        }
        try removeDirectory(name, in: directory)
    }

    private static func removeDirectory(_ name: RawName, in directory: CInt) throws(SystemError) {
        guard unlinkat(directory, name, AT_REMOVEDIR) != 0, Errno.current != .noEntry else { return }
        throw SystemError("rmdir", name.printable)
    }

    // True where nothing has the name any more; false for a directory that has something in it, and can be entered.
    private static func remove(
        _ name: RawName, in directory: CInt, _ freed: inout Int64
    ) throws(SystemError) -> Bool {
        let status = try? status(raw: name, in: directory)
        if unlinkat(directory, name, 0) == 0 {
            if let status, status.linkCount == 1 { freed += status.reclaimableBytes }
            return true
        }
        let failure = Errno.current
        if failure == .noEntry { return true }
        // Linux says EISDIR, POSIX EPERM, for a directory.
        guard failure == .isDirectory || failure == .notPermitted else {
            throw SystemError("unlink", name.printable, failure)
        }
        if unlinkat(directory, name, AT_REMOVEDIR) == 0 { return true }
        let again = Errno.current
        if again == .noEntry { return true }
        // It is a file, after all, that may not be removed.
        if again == .notDirectory { throw SystemError("unlink", name.printable, failure) }
        guard again == .notEmpty || again == .exists || again == .access else {
            throw SystemError("rmdir", name.printable, again)
        }
        if faccessat(directory, name, R_OK | W_OK | X_OK, AT_EACCESS) != 0 {
            _ = fchmodat(directory, name, 0o700, 0)
        }
        return false
    }
}
