import Glibc

/// A FUSE file system whose server is still to be started (the kernel's filesystems/fuse.rst). The kernel keeps requests
/// until the server reads them, so the mount comes first, and nobody has to wait for the server.
///
/// The mount is attached nowhere and ends when nobody has it any more; the server's next read says ENODEV then. When the
/// last copy of `connection` is closed, all that is asked of the mount fails (ENOTCONN).
package struct FuseMount: ~Copyable {
    /// Of `/dev/fuse`: what the server reads.
    package let connection: FileDescriptor
    /// The mount's root (O_PATH).
    package let root: FileDescriptor

    /// Mounts it; `name` is what mount tables show of it, `fuse.NAME` as the type. Everybody in the user namespace of the
    /// calling process may use it, and the kernel checks modes and owners. `opensDevices` as for `Overlay.mount`. Where
    /// the kernel has no detached mounts it is attached over the directory `place` until `Overlay.letGo`. Throws
    /// `SystemError`: ENOENT, EACCES or EPERM where `/dev/fuse` cannot be opened, ENODEV where the kernel has no FUSE.
    package static func make(
        name: String, opensDevices: Bool, at place: String
    ) throws(SystemError) -> FuseMount {
        let connection = try FileDescriptor.open("/dev/fuse", O_RDWR)
        if !MountInterface.hasTrees {
            let data =
                "fd=\(connection.rawValue),rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
            try MountCalls.mount(name, on: place, type: "fuse.\(name)", opensDevices ? [] : [.noDevices], data: data)
            return FuseMount(
                connection: connection, root: try FileDescriptor.open(place, FileDescriptor.pathOnly | O_DIRECTORY))
        }
        let context = try FileSystemContext("fuse")
        try context.set("source", name)
        try context.set("subtype", name)
        try context.set("fd", String(connection.rawValue))
        try context.set("rootmode", "40000")
        try context.set("user_id", "0")
        try context.set("group_id", "0")
        try context.set("allow_other")
        try context.set("default_permissions")
        let tree = try context.mount(opensDevices ? [] : [.noDevices])
        return FuseMount(connection: connection, root: tree.release())
    }

    /// Gives the root away and closes this process's copy of the connection.
    package consuming func takeRoot() -> FileDescriptor { root }
}
