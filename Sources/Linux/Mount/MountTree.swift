import CLinux
import Glibc

/// A mount, with those below it where it was cloned so, that may not be attached to any place yet. Detached
/// ones vanish with their descriptor (open_tree(2), fsmount(2)).
package struct MountTree: ~Copyable, Sendable {
    /// An O_PATH descriptor of the mount's root.
    package let descriptor: FileDescriptor

    /// Takes over a descriptor of open_tree(2) or fsmount(2).
    package init(owning descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// Gives the descriptor away: an attached mount does not need it.
    package consuming func release() -> FileDescriptor { descriptor }

    /// A detached copy of what is mounted at `path` (open_tree(2), Linux 5.2). In a user namespace a copy that
    /// is not recursive is refused (EINVAL) where the namespace's creator covered something below `path`. A symbolic link in the
    /// last place is what is copied itself, unless `following`.
    package static func clone(
        _ path: String, in directory: CInt = AT_FDCWD, recursive: Bool, following: Bool = true
    ) throws(SystemError) -> MountTree {
        try MountInterface.requireTrees("open_tree", path)
        let flags =
            cloneFlags | (recursive ? UInt32(AT_RECURSIVE) : 0) | (following ? 0 : UInt32(AT_SYMLINK_NOFOLLOW))
        let number = try check("open_tree", path) { path.withCString { apus_open_tree(directory, $0, flags) } }
        return MountTree(owning: FileDescriptor(owning: number))
    }

    /// A detached copy of what is mounted at an open file, which need not be a mount's root.
    package static func clone(_ file: borrowing FileDescriptor, recursive: Bool) throws(SystemError) -> MountTree {
        try MountInterface.requireTrees("open_tree", nil)
        let number = file.rawValue
        let flags = cloneFlags | UInt32(AT_EMPTY_PATH) | (recursive ? UInt32(AT_RECURSIVE) : 0)
        return MountTree(
            owning: FileDescriptor(owning: try check("open_tree") { apus_open_tree(number, "", flags) }))
    }

    // OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, macros that Swift does not see.
    private static let cloneFlags = 1 | UInt32(O_CLOEXEC)

    /// Attaches the tree on top of the open file `place`: no name is resolved, so none can be swapped.
    package func attach(to place: borrowing FileDescriptor) throws(SystemError) {
        let (from, to) = (descriptor.rawValue, place.rawValue)
        // MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
        try check("move_mount") { apus_move_mount(from, "", to, "", 0x44) }
    }

    /// Attaches the tree at `path`; a symbolic link in the last place is not followed.
    package func attach(to path: String, in directory: CInt = AT_FDCWD) throws(SystemError) {
        let from = descriptor.rawValue
        // MOVE_MOUNT_F_EMPTY_PATH
        try check("move_mount", path) { path.withCString { apus_move_mount(from, "", directory, $0, 0x04) } }
    }

    /// mount_setattr(2): see `FileDescriptor.setMountAttributes`.
    package func setAttributes(
        _ set: MountAttributes = [], clear: MountAttributes = [], propagation: MountFlags = [], recursive: Bool = false
    ) throws(SystemError) {
        try descriptor.setMountAttributes(set, clear: clear, propagation: propagation, recursive: recursive)
    }

    /// Shows the owners of the files as the map of `userNamespace` says (MOUNT_ATTR_IDMAP). Only for a detached tree,
    /// and only with CAP_SYS_ADMIN in the user namespace that the file system belongs to.
    package func mapIDs(_ userNamespace: borrowing FileDescriptor, recursive: Bool) throws(SystemError) {
        let (number, map) = (descriptor.rawValue, userNamespace.rawValue)
        try check("mount_setattr") {
            apus_mount_setattr(
                number, "", UInt32(AT_EMPTY_PATH) | (recursive ? UInt32(AT_RECURSIVE) : 0),
                MountAttributes.idMapped.rawValue, 0, 0, map)
        }
    }
}

extension FileDescriptor {
    /// mount_setattr(2), Linux 5.12, on the mount whose root this is, or also on all below it. Attributes to clear
    /// that a more privileged namespace has locked fail with EPERM; those set are added to what is there.
    package func setMountAttributes(
        _ set: MountAttributes = [], clear: MountAttributes = [], propagation: MountFlags = [], recursive: Bool = false
    ) throws(SystemError) {
        let number = rawValue
        // A filter's EPERM would read as that of a locked attribute.
        if !MountInterface.hasAttributes { throw SystemError("mount_setattr", nil, .notImplemented) }
        try check("mount_setattr") {
            apus_mount_setattr(
                number, "", UInt32(AT_EMPTY_PATH) | (recursive ? UInt32(AT_RECURSIVE) : 0), set.rawValue,
                clear.rawValue,
                UInt64(propagation.rawValue), -1)
        }
    }
}
