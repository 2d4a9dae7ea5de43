import CLinux
import Glibc

/// The classic calls, which name their targets by path.
package enum MountCalls {
    /// mount(2).
    package static func mount(
        _ source: String?, on target: String, type: String? = nil, _ flags: MountFlags = [], data: String? = nil
    ) throws(SystemError) {
        try check("mount", type ?? source ?? target) {
            target.withCString { target in
                withText(source) { source in
                    withText(type) { type in
                        withText(data) { data in apus_mount(source, target, type, flags.rawValue, data) }
                    }
                }
            }
        }
    }

    // As the call takes it, without the array that a text as an argument becomes.
    @inline(__always)
    private static func withText(_ text: String?, _ body: (UnsafePointer<CChar>?) -> CInt) -> CInt {
        guard let text else { return body(nil) }
        return text.withCString { body($0) }
    }

    /// mount(2) on an open file, through `/proc/self/fd`: no name below a root file system is resolved again.
    /// For calls that change a mount (remount, propagation), the descriptor must be one of its root.
    package static func mount(
        _ source: String?, on target: borrowing FileDescriptor, type: String? = nil, _ flags: MountFlags = [],
        data: String? = nil
    ) throws(SystemError) {
        try mount(source, on: "/proc/self/fd/\(target.rawValue)", type: type, flags, data: data)
    }

    /// umount2(2) with MNT_DETACH: the tree leaves at once, and its file systems when they are no longer used.
    package static func detach(_ target: String) throws(SystemError) {
        try check("umount2", target) { apus_umount2(target, CInt(MNT_DETACH)) }
    }

    /// As `detach`, of what is mounted on `name`, no link, in the open `directory`: the topmost of it. False where nothing is, or
    /// the caller may not.
    package static func detach(_ name: RawName, in directory: CInt) -> Bool {
        let path = RawName("/proc/self/fd/\(directory)/").dropLast() + name
        // UMOUNT_NOFOLLOW
        return apus_umount2(Array(path), CInt(MNT_DETACH) | 8) == 0
    }

    /// pivot_root(2).
    package static func pivotRoot(_ newRoot: String, putOld: String) throws(SystemError) {
        try check("pivot_root", newRoot) { apus_pivot_root(newRoot, putOld) }
    }
}

extension MountCalls {
    /// What switch_root(8) does: moves the mount behind `root` over the root and changes to it with chroot(2).
    package static func moveRoot(_ root: borrowing FileDescriptor) throws(SystemError) {
        if MountInterface.hasTrees {
            let number = root.rawValue
            try check("move_mount", "/") { apus_move_mount(number, "", AT_FDCWD, "/", 0x04) }
        } else {
            // MS_MOVE, of the mount whose root is the working directory.
            try mount(".", on: "/", MountFlags(rawValue: 0x2000))
        }
        try changeRoot()
    }

    /// chroot(2) to the working directory.
    package static func changeRoot() throws(SystemError) { try check("chroot", ".") { chroot(".") } }
}

/// What kind of file system a file is on, by its magic number (statfs(2)).
package struct FileSystemType: Equatable, Sendable {
    package let magic: UInt32
    package init(magic: UInt32) { self.magic = magic }

    package static let proc = FileSystemType(magic: 0x9fa0)
    package static let sysfs = FileSystemType(magic: 0x6265_6572)
    package static let cgroup2 = FileSystemType(magic: 0x6367_7270)
    package static let devpts = FileSystemType(magic: 0x1cd1)
    package static let tmpfs = FileSystemType(magic: 0x0102_1994)
    package static let overlay = FileSystemType(magic: 0x794c_7630)
}

extension FileDescriptor {
    /// The kind of file system that the file is on.
    package func fileSystemType() throws(SystemError) -> FileSystemType {
        let number = rawValue
        let magic = try check("fstatfs") { apus_file_system_magic(number) }
        return FileSystemType(magic: UInt32(truncatingIfNeeded: magic))
    }

    /// The flags of the mount that the file is on, as mount(2) takes them.
    package func mountFlags() throws(SystemError) -> MountFlags {
        var status = statvfs()
        try check("fstatvfs") { fstatvfs(rawValue, &status) }
        // ST_RDONLY to ST_NOEXEC, ST_NOATIME and ST_NODIRATIME have the numbers of their MS_ flags but for
        // ST_RELATIME (statvfs(3)).
        let bits = UInt(status.f_flag)
        var flags = MountFlags(rawValue: bits & 0xf).union(MountFlags(rawValue: bits & 0xc00))
        if bits & 0x1000 != 0 { flags.insert(.relativeAccessTimes) }
        return flags
    }

    /// fchdir(2).
    package func makeWorkingDirectory() throws(SystemError) { try check("fchdir") { fchdir(rawValue) } }
}

/// A device number of its two parts (makedev(3)).
package func makeDevice(_ major: Int64, _ minor: Int64) -> UInt {
    apus_makedev(UInt32(truncatingIfNeeded: major), UInt32(truncatingIfNeeded: minor))
}
