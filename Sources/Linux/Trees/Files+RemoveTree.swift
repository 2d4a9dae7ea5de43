import Glibc

extension Files {
    /// Removes what `path` names and everything below it, never following a symbolic link and never
    /// leaving the file system by one; a missing path is no error. Directories that forbid it are opened
    /// up first, and what root has made immutable is made removable. What is mounted below it is unmounted and stays as it is;
    /// EBUSY where the caller may not do that. Takes some twenty descriptors, however deep the tree is. Throws `SystemError` about the first name that
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
            let root = try openTree(name, in: directory)
            try walk(below: root.rawValue) { (directory, name) throws(SystemError) in
                try !remove(name, in: directory, &freed)
            } leave: { (directory, name) throws(SystemError) in
                try removeDirectory(name, in: directory)
            } covered: { (directory, name) throws(SystemError) in
                guard uncover(name, in: directory) else { throw SystemError("rmdir", name.printable, .busy) }
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

    private static func openTree(_ name: RawName, in directory: CInt) throws(SystemError) -> FileDescriptor {
        do throws(SystemError) {
            // Of a path, what is mounted on the way to it is none of this.
            return name.contains(47)
                ? try open(raw: name, in: directory, O_RDONLY | O_DIRECTORY)
                : try openDirectory(raw: name, onMountOf: directory)
        } catch {
            guard error.errno == .crossDevice, uncover(name, in: directory) else { throw error }
            return try openDirectory(raw: name, onMountOf: directory)
        }
    }

    // Unmounts what is mounted on `name`, all of it; false where nothing is, or the caller may not.
    private static func uncover(_ name: RawName, in directory: CInt) -> Bool {
        guard directory != AT_FDCWD else { return false }
        return MountCalls.detach(name, in: directory)
    }

    private static func removeDirectory(_ name: RawName, in directory: CInt) throws(SystemError) {
        guard unlinkat(directory, name, AT_REMOVEDIR) != 0 else { return }
        let failure = Errno.current
        if failure == .noEntry { return }
        if failure == .notPermitted, allowRemoval(raw: name, in: directory),
            unlinkat(directory, name, AT_REMOVEDIR) == 0
        {
            return
        }
        throw SystemError("rmdir", name.printable, failure)
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
        // A file, or an empty directory, that something is mounted on.
        if failure == .busy, uncover(name, in: directory), unlinkat(directory, name, 0) == 0 { return true }
        // Linux says EISDIR, POSIX EPERM, for a directory.
        guard failure == .isDirectory || failure == .notPermitted else {
            throw SystemError("unlink", name.printable, failure)
        }
        if unlinkat(directory, name, AT_REMOVEDIR) == 0 { return true }
        let again = Errno.current
        if again == .noEntry { return true }
        // It is a file, after all, that may not be removed.
        if again == .notDirectory {
            if allowRemoval(raw: name, in: directory), unlinkat(directory, name, 0) == 0 { return true }
            throw SystemError("unlink", name.printable, failure)
        }
        // Which says nothing of what it is. What was taken off is gone, so that this comes once.
        if again == .notPermitted, allowRemoval(raw: name, in: directory) {
            return try remove(name, in: directory, &freed)
        }
        // The way into what is busy goes by what is mounted there.
        guard again == .notEmpty || again == .exists || again == .access || again == .busy else {
            throw SystemError("rmdir", name.printable, again)
        }
        if faccessat(directory, name, R_OK | W_OK | X_OK, AT_EACCESS) != 0 {
            _ = fchmodat(directory, name, 0o700, 0)
        }
        return false
    }
}
