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
    package let name: RawName
    package let kind: Kind
    /// The permission bits with set-user-ID, set-group-ID and sticky.
    package let mode: FileMode
    package let user: UInt32
    package let group: UInt32
    /// The size of the content in bytes, holes included.
    package let size: Int
    package let modification: FileTime
    /// The time of the last access where the archive has one (PAX `atime`).
    package let access: FileTime?
    /// Extended attributes (PAX `SCHILY.xattr.` and `LIBARCHIVE.xattr.`), in the archive's order.
    package let attributes: [(name: RawName, value: [UInt8])]
}
