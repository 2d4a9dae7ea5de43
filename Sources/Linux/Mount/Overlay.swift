import CLinux
import Glibc

/// Overlay file systems (the kernel's filesystems/overlayfs).
package enum Overlay {
    /// Mounts an overlay that is attached nowhere and returns its descriptor.
    ///
    /// `lowers` are directories, the topmost first. `upper` is a directory for what is written and an empty one on the
    /// same file system for the kernel's work; without it the mount is read-only. `volatile` leaves out every sync at
    /// unmount: for an upper directory that is thrown away. Attributes of the overlay are kept in `user.overlay.*`
    /// (Linux 5.11), so that it can be mounted inside a user namespace.
    package static func mount(
        lowers: [String], upper: (directory: String, work: String)?, volatile: Bool = false
    ) throws(SystemError) -> FileDescriptor {
        let mount = try anyMount(lowers, upper, volatile)
        // A device node of an image, or one that a container made, opens nothing: no device cgroup would stop it.
        // Inside a user namespace the kernel sees to that by itself (and mount_setattr is of Linux 5.12).
        if apus_mount_setattr(mount.rawValue, "", 0x1000, 0x4, 0, 0, -1) < 0, geteuid() == 0,
            Errno.current != .notImplemented, Errno.current != .notPermitted
        {
            throw SystemError("mount_setattr", "overlay")
        }
        return mount
    }

    private static func anyMount(
        _ lowers: [String], _ upper: (directory: String, work: String)?, _ volatile: Bool
    ) throws(SystemError) -> FileDescriptor {
        // A read-only overlay needs two lower directories.
        if upper == nil, lowers.count == 1 { return try cloneTree(lowers[0]) }
        do throws(SystemError) {
            return try mountDetached(lowers, upper, volatile)
        } catch {
            // "lowerdir+" is of Linux 6.5, fsopen of 5.2 and often refused by the filter of an outer container.
            switch error.errno {
            case .invalid, .notImplemented, .notPermitted: return try mountByPath(lowers, upper, volatile)
            default: throw error
            }
        }
    }

    /// A detached copy of the mount tree at `path` (open_tree(2), Linux 5.2).
    package static func cloneTree(_ path: String, in directory: CInt = AT_FDCWD) throws(SystemError) -> FileDescriptor {
        let flags = UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | 0x8000
        return FileDescriptor(owning: try check("open_tree", path) { apus_open_tree(directory, path, flags) })
    }

    private static func mountDetached(
        _ lowers: [String], _ upper: (directory: String, work: String)?, _ volatile: Bool
    ) throws(SystemError) -> FileDescriptor {
        let context = FileDescriptor(owning: try check("fsopen", "overlay") { apus_fsopen("overlay", 1) })
        func set(_ key: String, _ value: String) throws(SystemError) {
            try check("fsconfig", "\(key)=\(value)") { apus_fsconfig(context.rawValue, 1, key, value, 0) }
        }
        func flag(_ key: String) throws(SystemError) {
            try check("fsconfig", key) { apus_fsconfig(context.rawValue, 0, key, nil, 0) }
        }
        for lower in lowers { try set("lowerdir+", lower) }
        try flag("userxattr")
        if let upper {
            if volatile { try flag("volatile") }
            try set("upperdir", upper.directory)
            try set("workdir", upper.work)
        }
        try check("mount", "overlay") { apus_fsconfig(context.rawValue, 6, nil, nil, 0) }
        return FileDescriptor(owning: try check("fsmount", "overlay") { apus_fsmount(context.rawValue, 1, 0) })
    }

    // mount(2) takes one page of options: the directories are named by descriptors to be short.
    private static func mountByPath(
        _ lowers: [String], _ upper: (directory: String, work: String)?, _ volatile: Bool
    ) throws(SystemError) -> FileDescriptor {
        var numbers: [CInt] = []
        defer { for number in numbers { close(number) } }
        var names = ""
        for lower in lowers {
            let number = try FileDescriptor.open(lower, FileDescriptor.pathOnly | O_DIRECTORY).release()
            numbers.append(number)
            names += (names.isEmpty ? "" : ":") + "/proc/self/fd/\(number)"
        }
        var options = "lowerdir=\(names),userxattr"
        if let upper {
            let directory = try FileDescriptor.open(upper.directory, FileDescriptor.pathOnly | O_DIRECTORY).release()
            let work = try FileDescriptor.open(upper.work, FileDescriptor.pathOnly | O_DIRECTORY).release()
            numbers += [directory, work]
            options += ",upperdir=/proc/self/fd/\(directory),workdir=/proc/self/fd/\(work)"
            if volatile { options += ",volatile" }
        }
        // Over a directory that nobody else in this mount namespace looks at: the topmost layer itself.
        let point = upper?.work ?? lowers[0]
        try check("mount", "overlay") { apus_mount("overlay", point, "overlay", 4, options) }
        defer { _ = apus_umount2(point, 2) }
        return try cloneTree(point)
    }
}
