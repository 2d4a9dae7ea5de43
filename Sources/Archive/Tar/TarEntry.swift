import Glibc
package import Linux

/// One member of a tar archive.
package struct TarEntry: Sendable {
    /// What an entry describes.
    package enum Kind: Sendable, Equatable {
        case regular, directory, fifo
        case symbolicLink(target: RawName)
        /// Another name of the file that an earlier entry made.
        case hardLink(target: RawName)
        case characterDevice(DeviceNumber), blockDevice(DeviceNumber)
        /// A type that a file system cannot hold from an archive, such as a socket.
        case other
    }

    /// The name as the archive has it: not cleaned, not trusted.
    package var name: RawName
    package var kind: Kind
    /// The permission bits with set-user-ID, set-group-ID and sticky.
    package var mode: FileMode
    package var user: UInt32
    package var group: UInt32
    /// The size of the content in bytes, holes included.
    package var size: Int
    package var modification: FileTime
    /// The time of the last access where the archive has one (PAX `atime`).
    package var access: FileTime?
    /// Extended attributes (PAX `SCHILY.xattr.` and `LIBARCHIVE.xattr.`), in the archive's order.
    package var attributes: [(name: RawName, value: [UInt8])]

    /// An entry to write: root's, with no size and no attributes where nothing is said of them.
    package init(
        name: RawName, _ kind: Kind, mode: FileMode, user: UInt32 = 0, group: UInt32 = 0, size: Int = 0,
        modification: FileTime, access: FileTime? = nil, attributes: [(name: RawName, value: [UInt8])] = []
    ) {
        self.name = name
        self.kind = kind
        self.mode = mode
        self.user = user
        self.group = group
        self.size = size
        self.modification = modification
        self.access = access
        self.attributes = attributes
    }

    /// Gives the entry the owner that is kept beside its file (`KeptOwner`), and makes it the device that the file stands for.
    package mutating func apply(_ kept: KeptOwner) {
        (user, group) = (kept.user, kept.group)
        guard let node = kept.node, kind == .regular else { return }
        kind = node.type == S_IFCHR ? .characterDevice(node.device) : .blockDevice(node.device)
        mode = kept.mode
    }
}
