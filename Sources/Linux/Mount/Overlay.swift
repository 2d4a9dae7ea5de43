import CLinux
import Glibc

/// Overlay file systems (the kernel's filesystems/overlayfs).
package enum Overlay {
    /// Mounts an overlay that is attached nowhere and returns its descriptor; where the kernel has no such mounts
    /// (`MountInterface.hasTrees`) it is attached over one of its directories, until `letGo`.
    ///
    /// `lowers` are directories, the topmost first. `upper` is a directory for what is written and an empty one on the
    /// same file system for the kernel's work; without it the mount is read-only. `volatile` leaves out every sync at
    /// unmount: for an upper directory that is thrown away. Attributes of the overlay are kept in `user.overlay.*`
    /// (Linux 5.11), so that it can be mounted inside a user namespace. `opensDevices`: device nodes in it open, because
    /// something else decides which.
    package static func mount(
        lowers: [String], upper: (directory: String, work: String)?, volatile: Bool = false, opensDevices: Bool = false
    ) throws(SystemError) -> FileDescriptor {
        // A read-only overlay needs two lower directories.
        if upper == nil, lowers.count == 1 { return try bind(lowers[0], opensDevices: opensDevices) }
        do throws(SystemError) {
            return try mountDetached(lowers, upper, volatile, opensDevices ? 0 : noDevices)
        } catch {
            // "lowerdir+" is of Linux 6.5, fsopen of 5.2 and often refused by the filter of an outer container.
            switch error.errno {
            case .invalid, .notImplemented, .notPermitted:
                return try mountByPath(lowers, upper, volatile, opensDevices ? 0 : noDevices)
            default: throw error
            }
        }
    }

    // MS_NODEV and MOUNT_ATTR_NODEV. A device node of an image, or one that a container made, opens nothing: no device cgroup would stop it. Inside a
    // user namespace the kernel sees to that by itself.
    static let noDevices: UInt32 = 4

    /// A detached copy of the mount tree at `path`, as `cloneTree`; without `opensDevices` no device node in it opens.
    package static func bind(_ path: String, opensDevices: Bool) throws(SystemError) -> FileDescriptor {
        if opensDevices { return try cloneTree(path) }
        if MountInterface.hasAttributes {
            let mount = try cloneTree(path)
            try mount.setMountAttributes(.noDevices, recursive: true)
            return mount
        }
        // Before Linux 5.12 what is attached nowhere cannot be changed: a mount over the directory itself can, and its copies
        // are as it is.
        if MountInterface.hasTrees { try MountCalls.mount(path, on: path, [.bind]) }
        defer { if MountInterface.hasTrees { try? MountCalls.detach(path) } }
        let mount = try cloneTree(path)
        let flags: MountFlags = [.remount, .bind, .noDevices, try mount.mountFlags()]
        if !MountInterface.hasTrees {
            try MountCalls.mount(nil, on: mount, flags)
            return mount
        }
        try MountCalls.mount(nil, on: path, flags)
        return try cloneTree(path)
    }

    /// Takes a mount that had to be attached out of this mount namespace again: whoever was to get it has a copy of
    /// the namespace. Detached ones are left as they are.
    package static func letGo(_ mount: borrowing FileDescriptor) {
        if !MountInterface.hasTrees { try? MountCalls.detach("/proc/self/fd/\(mount.rawValue)") }
    }

    /// A detached copy of the mount tree at `path` (open_tree(2), Linux 5.2); where there is no such call, the tree is
    /// bound over itself, until `letGo`.
    package static func cloneTree(_ path: String, in directory: CInt = AT_FDCWD) throws(SystemError) -> FileDescriptor {
        if !MountInterface.hasTrees, directory == AT_FDCWD {
            try MountCalls.mount(path, on: path, [.bind, .recursive])
            return try FileDescriptor.open(path, FileDescriptor.pathOnly | O_DIRECTORY)
        }
        let flags = UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | 0x8000
        return FileDescriptor(owning: try check("open_tree", path) { apus_open_tree(directory, path, flags) })
    }

    private static func mountDetached(
        _ lowers: [String], _ upper: (directory: String, work: String)?, _ volatile: Bool, _ flags: UInt32
    ) throws(SystemError) -> FileDescriptor {
        try MountInterface.requireTrees("fsopen", "overlay")
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
            try set("upperdir", escaped(upper.directory))
            try set("workdir", escaped(upper.work))
        }
        try check("mount", "overlay") { apus_fsconfig(context.rawValue, 6, nil, nil, 0) }
        return FileDescriptor(owning: try check("fsmount", "overlay") { apus_fsmount(context.rawValue, 1, flags) })
    }

    // In these two options overlayfs reads a backslash as the escape of what follows, in "lowerdir+" it does not.
    static func escaped(_ path: String) -> String {
        guard path.utf8.contains(UInt8(ascii: "\\")) else { return path }
        return String(decoding: path.utf8.flatMap { $0 == UInt8(ascii: "\\") ? [$0, $0] : [$0] }, as: UTF8.self)
    }

    // mount(2) takes one page of options: the directories are named by descriptors to be short.
    private static func mountByPath(
        _ lowers: [String], _ upper: (directory: String, work: String)?, _ volatile: Bool, _ flags: UInt32
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
        try check("mount", "overlay") { apus_mount("overlay", point, "overlay", UInt(flags), options) }
        if !MountInterface.hasTrees { return try FileDescriptor.open(point, FileDescriptor.pathOnly | O_DIRECTORY) }
        defer { _ = apus_umount2(point, 2) }
        return try cloneTree(point)
    }
}
