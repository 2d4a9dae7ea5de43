import CLinux
import Glibc

/// What directories have, and names that are not followed where they are symbolic links; each throws `SystemError`.
extension Files {
    /// openat(2); `flags` get O_CLOEXEC and O_NOFOLLOW.
    package static func open(
        raw name: UnsafePointer<CChar>, in directory: CInt, _ flags: CInt, mode: FileMode = 0o600
    ) throws(SystemError) -> FileDescriptor {
        try FileDescriptor.open(name, in: directory, flags | O_NOFOLLOW, mode: mode)
    }

    /// openat2(2) of `path` with `directory` as the root of the tree: absolute names, symbolic links and ".."
    /// stay below it (RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS). Throws ENOSYS before Linux 5.6.
    package static func open(
        raw path: UnsafePointer<CChar>, inRoot directory: CInt, _ flags: CInt
    ) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try check("openat2", printable(path)) {
                apus_openat2(
                    directory, path, UInt64(flags | O_CLOEXEC), 0, UInt64(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS))
            })
    }

    /// openat2(2) of the directory `name`, without following a link. Throws EXDEV where something is mounted on it
    /// (RESOLVE_NO_XDEV); before Linux 5.6, where it is on another file system than `directory`.
    package static func openDirectory(
        raw name: UnsafePointer<CChar>, onMountOf directory: CInt
    ) throws(SystemError) -> FileDescriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
        let number = apus_openat2(directory, name, UInt64(flags | O_CLOEXEC), 0, UInt64(RESOLVE_NO_XDEV))
        if number >= 0 { return FileDescriptor(owning: number) }
        let failure = Errno.current
        guard failure == .notImplemented else { throw SystemError("open", printable(name), failure) }
        let opened = try open(raw: name, in: directory, flags)
        guard try opened.status().identity.fileSystem == status(of: directory).identity.fileSystem else {
            throw SystemError("open", printable(name), .crossDevice)
        }
        return opened
    }

    /// openat2(2) of `path` as every process goes, but for the links of procfs (RESOLVE_NO_MAGICLINKS). Throws ENOSYS before
    /// Linux 5.6.
    package static func open(
        raw path: UnsafePointer<CChar>, from directory: CInt, _ flags: CInt, mode: FileMode = 0
    ) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try check("openat2", printable(path)) {
                apus_openat2(
                    directory, path, UInt64(flags | O_CLOEXEC), UInt64(mode), UInt64(RESOLVE_NO_MAGICLINKS))
            })
    }

    /// Makes the new, empty file `path`, by the same ways. Throws EEXIST where there is something.
    package static func make(
        raw path: UnsafePointer<CChar>, from directory: CInt, mode: FileMode
    ) throws(SystemError) -> FileDescriptor {
        let file = try open(raw: path, from: directory, O_WRONLY | O_CREAT | O_EXCL, mode: mode & 0o777)
        if mode & 0o7000 != 0 { try setMode(of: file.rawValue, mode) }
        return file
    }

    /// fstatat(2) with AT_SYMLINK_NOFOLLOW; nil for a name that is not taken.
    package static func status(raw name: UnsafePointer<CChar>, in directory: CInt) throws(SystemError) -> FileStatus? {
        do throws(SystemError) {
            return try status(name, in: directory, following: false)
        } catch  where error.errno == .noEntry {
            return nil
        }
    }

    /// The names in the directory at `path`, without "." and "..", in no order. A name that is no UTF-8 is
    /// repaired and so cannot be opened again: use `rawNames` where such names matter.
    package static func list(
        _ path: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD
    ) throws(SystemError) -> [String] {
        try names(in: FileDescriptor.open(path, in: directory, O_RDONLY | O_DIRECTORY), printable(path)).map { name in
            name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        }
    }

    /// As `list`, of a directory that is made when it is needed: no names where there is none.
    package static func listPresent(_ path: UnsafePointer<CChar>) throws(SystemError) -> [String] {
        do throws(SystemError) { return try list(path) } catch {
            if error.errno == .noEntry { return [] }
            throw error
        }
    }

    /// The names in the open directory `directory`, without "." and "..", in no order.
    package static func rawNames(of directory: CInt) throws(SystemError) -> [RawName] {
        try names(in: FileDescriptor.open(".", in: directory, O_RDONLY | O_DIRECTORY), nil)
    }

    // `path` is what the directory is called in errors.
    private static func names(
        in folder: consuming FileDescriptor, _ path: @autoclosure () -> String?
    ) throws(SystemError) -> [RawName] {
        let listing = try DirectoryListing(folder.rawValue, path())
        var names: [RawName] = []
        while let entry = listing.next() { names.append(entry.name) }
        return names
    }

    /// symlinkat(2): `name` becomes a symbolic link to `target`.
    package static func makeSymbolicLink(
        raw name: UnsafePointer<CChar>, in directory: CInt, to target: UnsafePointer<CChar>
    ) throws(SystemError) {
        try check("symlink", printable(name)) { symlinkat(target, directory, name) }
    }

    /// linkat(2) without AT_SYMLINK_FOLLOW: a hard link to a symbolic link is one to the link itself.
    package static func makeHardLink(
        raw name: UnsafePointer<CChar>, in directory: CInt, to target: UnsafePointer<CChar>, in targetDirectory: CInt
    ) throws(SystemError) {
        try check("link", printable(name)) { linkat(targetDirectory, target, directory, name, 0) }
    }

    /// mknodat(2); `mode` holds the type.
    package static func makeNode(
        raw name: UnsafePointer<CChar>, in directory: CInt, mode: FileMode, device: DeviceNumber = 0
    ) throws(SystemError) {
        try check("mknod", printable(name)) { mknodat(directory, name, mode, device) }
    }
}
