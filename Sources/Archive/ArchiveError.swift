package import Linux
package import OCI

/// Why an archive could not be read or written, or a layer not be unpacked.
package enum ArchiveError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The stream itself could not be read.
    case unreadable(SystemError)
    /// The compressed data contradict themselves, in the words of the library.
    case corrupt(Compression, String)
    /// The compressed data end before their end.
    case truncated(Compression)
    /// The tar archive contradicts itself.
    case malformed(String)
    /// An entry's name leads out of the layer.
    case escapes(String)
    /// An entry's name cannot be used, and why.
    case badName(String, String)
    /// Another path runs through an entry that is no directory.
    case notDirectory(String)
    /// A hard link to a file that neither this layer nor those below it (where they were given) have.
    case linkTargetMissing(String, target: String)
    /// An owner outside the map of the user namespace.
    case unmappedOwner(UnmappedOwner)
    /// A file could not be made.
    case failed(String, SystemError)
    /// The layer would unpack to more bytes than allowed.
    case tooLarge(limit: Int)
    /// The layer has more entries than allowed.
    case tooManyEntries(limit: Int)
    /// An entry cannot be written to an archive, and why.
    case badEntry(String, String)
    /// A file became shorter while it was written to an archive.
    case changed(String)
    /// What has this path, and is to be put into an archive, cannot be read.
    case unreadableEntry(String, SystemError)
    /// The archive could not be written.
    case unwritable(SystemError)
    /// The unpacked stream is not the one that the image's configuration names.
    case wrongDiffID(expected: Digest, actual: Digest)

    /// An id that the user namespace does not map, of a file that should belong to it.
    package struct UnmappedOwner: Equatable, Sendable {
        /// Which of the two ids of a file is meant.
        package enum Kind: String, Sendable { case user, group }
        package let kind: Kind
        package let id: UInt32
        package let file: String
    }

    package var description: String {
        switch self {
        case .unreadable(let error): "the archive cannot be read: \(error)"
        case .corrupt(let compression, let message): "the \(compression.rawValue) data are corrupt: \(message)"
        case .truncated(let compression): "the \(compression.rawValue) data end too early: they were cut off"
        case .malformed(let message): "the tar archive is damaged: \(message)"
        case .escapes(let name): "the entry \"\(name)\" leads out of its layer: the archive is refused"
        case .badName(let name, let reason): "the entry \"\(name)\" cannot be unpacked: \(reason)"
        case .notDirectory(let name):
            "the entry \"\(name)\" cannot be unpacked: something in its path is no directory"
        case .linkTargetMissing(let name, let target):
            "the entry \"\(name)\" is a hard link to \"\(target)\", which its layer does not have"
        case .unmappedOwner(let owner):
            """
            the \(owner.kind.rawValue) \(owner.id) of "\(owner.file)" is not mapped into the user namespace: \
            add a range that is large enough to /etc/sub\(owner.kind == .user ? "uid" : "gid") for your user
            """
        case .failed(let name, let error):
            "\"\(name)\" cannot be written: \(error)"
        case .tooLarge(let limit):
            "the layer unpacks to more than the \(limit) bytes that are allowed or free"
        case .tooManyEntries(let limit): "the layer has more than the \(limit) entries that are allowed or free"
        case .badEntry(let name, let reason): "\"\(name)\" cannot be put into an archive: \(reason)"
        case .changed(let name): "\"\(name)\" became shorter while it was being put into an archive: try again"
        case .unreadableEntry(let name, let error): "\"\(name)\" cannot be read: \(error)"
        case .unwritable(let error): "the archive cannot be written: \(error)"
        case .wrongDiffID(let expected, let actual):
            "the layer unpacks to \(actual) where the image's configuration names \(expected)"
        }
    }
}
