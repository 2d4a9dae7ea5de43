import CLinux
import Glibc

/// File operations on names that need not be UTF-8, relative to a directory descriptor, never following a
/// final symbolic link; each throws `SystemError`.
extension Files {
    /// openat(2); `flags` get O_CLOEXEC and O_NOFOLLOW.
    package static func open(
        raw name: RawName, in directory: CInt, _ flags: CInt, mode: FileMode = 0o600
    ) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try check("open", name.printable) {
                apus_open(directory, name, flags | O_CLOEXEC | O_NOFOLLOW, mode)
            })
    }

    /// openat2(2) of `path` with `directory` as the root of the tree: absolute names, symbolic links and ".."
    /// stay below it (RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS). Throws ENOSYS before Linux 5.6.
    package static func open(
        raw path: RawName, inRoot directory: CInt, _ flags: CInt
    ) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try check("openat2", path.printable) {
                apus_openat2(
                    directory, path, UInt64(flags | O_CLOEXEC), 0,
                    UInt64(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS))
            })
    }

    /// mkdirat(2).
    package static func makeDirectory(raw name: RawName, in directory: CInt, mode: FileMode) throws(SystemError) {
        try check("mkdir", name.printable) { mkdirat(directory, name, mode) }
    }

    /// symlinkat(2): `name` becomes a symbolic link to `target`.
    package static func makeSymbolicLink(
        raw name: RawName, in directory: CInt, to target: RawName
    ) throws(SystemError) {
        try check("symlink", name.printable) { symlinkat(target, directory, name) }
    }

    /// linkat(2) without AT_SYMLINK_FOLLOW: a hard link to a symbolic link is one to the link itself.
    package static func makeHardLink(
        raw name: RawName, in directory: CInt, to target: RawName, in targetDirectory: CInt
    ) throws(SystemError) {
        try check("link", name.printable) { linkat(targetDirectory, target, directory, name, 0) }
    }

    /// mknodat(2); `mode` holds the type.
    package static func makeNode(
        raw name: RawName, in directory: CInt, mode: FileMode, device: DeviceNumber = 0
    ) throws(SystemError) {
        try check("mknod", name.printable) { mknodat(directory, name, mode, device) }
    }

    /// fstatat(2) with AT_SYMLINK_NOFOLLOW; nil for a name that is not taken.
    package static func status(raw name: RawName, in directory: CInt) throws(SystemError) -> FileStatus? {
        var value = stat()
        do throws(SystemError) {
            try check("stat", name.printable) { fstatat(directory, name, &value, AT_SYMLINK_NOFOLLOW) }
        } catch  where error.errno == .noEntry {
            return nil
        }
        return FileStatus(value)
    }

    /// fstat(2).
    package static func status(of descriptor: CInt) throws(SystemError) -> FileStatus {
        var value = stat()
        try check("fstat") { fstat(descriptor, &value) }
        return FileStatus(value)
    }

    /// unlinkat(2); `flags` is 0 or AT_REMOVEDIR.
    package static func unlink(raw name: RawName, in directory: CInt, _ flags: CInt = 0) throws(SystemError) {
        try check("unlink", name.printable) { unlinkat(directory, name, flags) }
    }

    /// The target of the symbolic link `name`, or of `directory` itself (O_PATH) where `name` is empty.
    package static func readLink(raw name: RawName, in directory: CInt) throws(SystemError) -> RawName {
        var target = RawName(repeating: 0, count: Int(PATH_MAX) + 1)
        let length = try check("readlink", name.printable) {
            target.withUnsafeMutableBufferPointer { readlinkat(directory, name, $0.baseAddress!, $0.count - 1) }
        }
        target.removeSubrange((length + 1)...)
        return target
    }

    /// The names in the open directory `directory`, without "." and "..", in no order.
    package static func rawNames(of directory: CInt) throws(SystemError) -> [RawName] {
        let number = try check("open") { apus_open(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
        guard let stream = fdopendir(number) else {
            let failure = SystemError("fdopendir")
            close(number)
            throw failure
        }
        defer { closedir(stream) }
        var names: [RawName] = []
        while let entry = try nextEntry(of: stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { first in
                    RawName(UnsafeBufferPointer(start: first, count: strlen(first) + 1))
                }
            }
            if name == [46, 0] || name == [46, 46, 0] { continue }
            names.append(name)
        }
        return names
    }

    /// Removes `name` and everything below it, never following a symbolic link.
    package static func removeTree(raw name: RawName, in directory: CInt) throws(SystemError) {
        try removeTree(name: name.map(UInt8.init(bitPattern:)), in: directory)
    }
}

/// Owners, modes and times, set without following a symbolic link; each throws `SystemError`.
extension Files {
    /// fchownat(2) of `name`, or of `directory` itself where `name` is empty.
    package static func setOwner(
        raw name: RawName, in directory: CInt, user: UInt32, group: UInt32
    ) throws(SystemError) {
        // AT_EMPTY_PATH, which the C library declares for GNU programs alone.
        let flags = AT_SYMLINK_NOFOLLOW | (name.count <= 1 ? 0x1000 : 0)
        try check("chown", name.printable) { fchownat(directory, name, user, group, flags) }
    }

    /// fchmodat(2). `name` is known to be no symbolic link: Linux could not leave one unfollowed before 6.6.
    package static func setMode(raw name: RawName, in directory: CInt, _ mode: FileMode) throws(SystemError) {
        try check("chmod", name.printable) { fchmodat(directory, name, mode, 0) }
    }

    /// fchmod(2).
    package static func setMode(of descriptor: CInt, _ mode: FileMode) throws(SystemError) {
        try check("fchmod") { fchmod(descriptor, mode) }
    }

    /// utimensat(2): the times of access and of change, to the nanosecond.
    package static func setTimes(
        raw name: RawName, in directory: CInt, access: FileTime, modification: FileTime
    ) throws(SystemError) {
        var times = (access.raw, modification.raw)
        try check("utimensat", name.printable) {
            withUnsafePointer(to: &times) {
                $0.withMemoryRebound(to: timespec.self, capacity: 2) {
                    utimensat(directory, name, $0, AT_SYMLINK_NOFOLLOW)
                }
            }
        }
    }

    /// futimens(3).
    package static func setTimes(
        of descriptor: CInt, access: FileTime, modification: FileTime
    ) throws(SystemError) {
        var times = (access.raw, modification.raw)
        try check("futimens") {
            withUnsafePointer(to: &times) {
                $0.withMemoryRebound(to: timespec.self, capacity: 2) { futimens(descriptor, $0) }
            }
        }
    }

    /// syncfs(2): everything that was written to the file system of `descriptor` is on its device.
    package static func syncFileSystem(of descriptor: CInt) throws(SystemError) {
        try check("syncfs") { apus_syncfs(descriptor) }
    }
}

/// A device's number as `st_rdev` has it (makedev(3)).
package typealias DeviceNumber = UInt

/// A time of a file: seconds since 1970, and nanoseconds.
package struct FileTime: Sendable, Equatable, Comparable {
    package let seconds: Int
    package let nanoseconds: Int

    package init(seconds: Int, nanoseconds: Int) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    var raw: timespec { timespec(tv_sec: seconds, tv_nsec: nanoseconds) }

    package static func < (left: FileTime, right: FileTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

extension FileStatus {
    /// Whether this is an overlay whiteout: the character device 0:0 stands for a name that the layer
    /// removes (overlayfs.rst).
    package var isWhiteout: Bool { type == S_IFCHR && raw.st_rdev == 0 }
    /// The type bits of `st_mode`.
    package var type: FileMode { raw.st_mode & S_IFMT }
    package var user: UInt32 { raw.st_uid }
    package var group: UInt32 { raw.st_gid }
    package var device: DeviceNumber { raw.st_rdev }
    /// The number of the file system and of the inode: what is equal here is one file.
    package var identity: FileIdentity { FileIdentity(fileSystem: raw.st_dev, inode: raw.st_ino) }
    package var linkCount: Int { Int(raw.st_nlink) }
    package var accessTime: FileTime { FileTime(seconds: raw.st_atim.tv_sec, nanoseconds: raw.st_atim.tv_nsec) }
    package var modificationTime: FileTime {
        FileTime(seconds: raw.st_mtim.tv_sec, nanoseconds: raw.st_mtim.tv_nsec)
    }
}

/// What tells one file from another while both exist.
package struct FileIdentity: Hashable, Sendable {
    package let fileSystem: UInt
    package let inode: UInt
}

/// The number of the device with these parts (makedev(3)).
package func deviceNumber(major: UInt32, minor: UInt32) -> DeviceNumber { apus_makedev(major, minor) }
