import Glibc

extension Files {
    /// Removes what `path` names and everything below it, never following a symbolic link and never
    /// leaving the file system by one; a missing path is no error. Directories that forbid it are opened
    /// up first, and what root has made immutable is made removable. What is mounted below it is unmounted and stays as it is;
    /// EBUSY where the caller may not do that. Takes some twenty descriptors, however deep the tree is. Throws `SystemError` about the first name that
    /// could not be removed.
    package static func removeTree(_ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD) throws(SystemError) {
        var freed: Int64?
        try removeTree(path, in: directory, counting: &freed)
    }

    /// The same; adds to `freed` the bytes of content that the disk has got back (`FileStatus.reclaimableBytes`), also where it
    /// throws. A file that has another name elsewhere counts nothing.
    package static func removeTree(
        _ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD, freed: inout Int64
    ) throws(SystemError) {
        var count: Int64? = freed
        defer { freed = count ?? freed }
        try removeTree(path, in: directory, counting: &count)
    }

    private static func removeTree(
        _ path: UnsafePointer<CChar>, in directory: CInt, counting freed: inout Int64?
    ) throws(SystemError) {
        let name = RawName(UnsafeBufferPointer(start: path, count: strlen(path) + 1))
        // Mostly it is a directory.
        let top = DirectoryEntry(name: name, isDirectory: true)
        if try remove(top, in: directory, &freed, isInside: false) { return }
        do throws(SystemError) {
            let root = try openTree(name, in: directory)
            try walk(below: root.rawValue, isUnread: true) { (directory, entry) throws(SystemError) in
                try !remove(entry, in: directory, &freed, isInside: true)
            } leave: { (directory, name) throws(SystemError) in
                try removeDirectory(name, in: directory)
            } covered: { (directory, name) throws(SystemError) in
                guard uncover(name, in: directory) else { throw SystemError("rmdir", name.printable, .busy) }
            } forbidden: { (directory, name) in
                openUp(name, in: directory)
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

    // Lets its owner into the directory `name`: that very one, where fchmodat(2) would follow a link that has come in its place.
    private static func openUp(_ name: RawName, in directory: CInt) -> Bool {
        guard let place = try? open(raw: name, in: directory, FileDescriptor.pathOnly | O_DIRECTORY) else {
            return false
        }
        return chmod("/proc/self/fd/\(place.rawValue)", 0o700) == 0
    }

    private static func openTree(_ name: RawName, in directory: CInt) throws(SystemError) -> FileDescriptor {
        func open() throws(SystemError) -> FileDescriptor {
            // Of a path, what is mounted on the way to it is none of this.
            name.contains(47)
                ? try self.open(raw: name, in: directory, O_RDONLY | O_DIRECTORY)
                : try openDirectory(raw: name, onMountOf: directory)
        }
        do throws(SystemError) { return try open() } catch {
            switch error.errno {
            case .access where openUp(name, in: directory): return try open()
            case .crossDevice where uncover(name, in: directory):
                return try openDirectory(raw: name, onMountOf: directory)
            default: throw error
            }
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

    // True where nothing has the name any more; false for a directory that has something in it, and may be entered. `isInside`:
    // `directory` is of the tree, and goes with it.
    private static func remove(
        _ entry: DirectoryEntry, in directory: CInt, _ freed: inout Int64?, isInside: Bool
    ) throws(SystemError) -> Bool {
        let name = entry.name
        if entry.isDirectory {
            switch unlinkError(name, AT_REMOVEDIR, in: directory) {
            case nil, .noEntry: return true
            case .notEmpty, .exists: return false
            // What else there is to say is found as for every name: something else may have this one by now.
            default: break
            }
        }
        let status = freed == nil ? nil : try? status(raw: name, in: directory)
        var failure = unlinkError(name, 0, in: directory)
        // It is in a directory without the right to write, or to look names up.
        if failure == .access, isInside, fchmod(directory, 0o700) == 0 { failure = unlinkError(name, 0, in: directory) }
        guard let failure else {
            if let status, status.linkCount == 1 { freed = freed.map { $0 + status.reclaimableBytes } }
            return true
        }
        if failure == .noEntry { return true }
        // A file, or an empty directory, that something is mounted on.
        if failure == .busy, uncover(name, in: directory), unlinkat(directory, name, 0) == 0 { return true }
        // Linux says EISDIR, POSIX EPERM, for a directory.
        guard failure == .isDirectory || failure == .notPermitted else {
            throw SystemError("unlink", name.printable, failure)
        }
        guard let again = unlinkError(name, AT_REMOVEDIR, in: directory), again != .noEntry else { return true }
        // It is a file, after all, that may not be removed.
        if again == .notDirectory {
            if allowRemoval(raw: name, in: directory), unlinkat(directory, name, 0) == 0 { return true }
            throw SystemError("unlink", name.printable, failure)
        }
        // Which says nothing of what it is. What was taken off is gone, so that this comes once.
        if again == .notPermitted, allowRemoval(raw: name, in: directory) {
            return try remove(entry, in: directory, &freed, isInside: isInside)
        }
        // The way into what is busy goes by what is mounted there.
        guard again == .notEmpty || again == .exists || again == .access || again == .busy else {
            throw SystemError("rmdir", name.printable, again)
        }
        return false
    }

    // Why it could not be removed; nil where it has been.
    private static func unlinkError(_ name: RawName, _ flags: CInt, in directory: CInt) -> Errno? {
        unlinkat(directory, name, flags) == 0 ? nil : .current
    }
}
