import Glibc
import Linux

/// A path of a container's file system that differs from its image's, as `diff` shows it.
package struct FileChange: Hashable, Sendable {
    /// What happened to it; the raw values are Docker's letters.
    package enum Kind: Character, Hashable, Sendable {
        case changed = "C"
        case added = "A"
        case deleted = "D"
    }

    package var kind: Kind
    /// Absolute, as bytes of no charset.
    package var path: [UInt8]
}

/// Compares what a container wrote with the layers below it.
struct TreeChanges {
    /// What the container's own directory is.
    enum Form {
        /// An overlay's upper directory: it has what differs alone, and whiteouts for what is gone.
        case overlay
        /// The whole tree, as it is where the kernel refuses an overlay.
        case whole
    }

    /// A place of the layers: what has its name there, and the directories that make it up, the topmost first.
    private struct Below {
        var status: FileStatus?
        var directories: [OpenDirectory] = []
    }

    private final class OpenDirectory {
        let descriptor: FileDescriptor
        init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
        var number: CInt { descriptor.rawValue }

        static func open(_ name: RawName, in directory: CInt) -> OpenDirectory? {
            guard let opened = try? Files.open(raw: name, in: directory, O_RDONLY | O_DIRECTORY) else { return nil }
            return OpenDirectory(opened)
        }
    }

    private let form: Form
    private(set) var changes: [FileChange] = []
    // Paths that the engine itself makes in a container's file system, as places to mount on.
    private let ownPlaces: Set<[UInt8]>

    /// `ownPlaces`: absolute paths where an empty file or directory is no change.
    private init(_ form: Form, ownPlaces: [String]) {
        self.form = form
        self.ownPlaces = Set(ownPlaces.map { Array($0.utf8) })
    }

    /// The changes in `directory` above `layers`, the topmost first; sorted by path. Throws `SystemError`.
    static func find(
        in directory: String, _ form: Form, above layers: [String], ownPlaces: [String]
    ) throws(SystemError) -> [FileChange] {
        var run = TreeChanges(form, ownPlaces: ownPlaces)
        let root = OpenDirectory(try FileDescriptor.open(directory, O_RDONLY | O_DIRECTORY))
        var below = Below()
        for layer in layers {
            below.directories.append(OpenDirectory(try FileDescriptor.open(layer, O_RDONLY | O_DIRECTORY)))
        }
        _ = try run.compare(root, below, path: [])
        return run.changes.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    }

    // True when something below `path` differs.
    private mutating func compare(
        _ directory: OpenDirectory, _ below: Below, path: [UInt8]
    ) throws(SystemError) -> Bool {
        let names = try Files.rawNames(of: directory.number)
        var differs = false
        for name in names {
            if try compare(name, in: directory, below, path: path + [47] + name.bytes) { differs = true }
        }
        // Where the directory shows nothing of what is below it, what it does not have is gone.
        if form == .whole || Self.isOpaque(directory.number) {
            let present = Set(names)
            var seen: Set<RawName> = []
            for lower in below.directories {
                for name in try Files.rawNames(of: lower.number) where !present.contains(name) {
                    guard seen.insert(name).inserted, Self.find(name, in: below).status != nil else { continue }
                    changes.append(FileChange(kind: .deleted, path: path + [47] + name.bytes))
                    differs = true
                }
            }
        }
        return differs
    }

    private mutating func compare(
        _ name: RawName, in directory: OpenDirectory, _ below: Below, path: [UInt8]
    ) throws(SystemError) -> Bool {
        guard let status = try Files.status(raw: name, in: directory.number) else { return false }
        let lower = Self.find(name, in: below)
        if form == .overlay, status.isWhiteout {
            guard lower.status != nil else { return false }
            changes.append(FileChange(kind: .deleted, path: path))
            return true
        }
        guard let old = lower.status else { return try added(name, in: directory, status, path) }
        guard status.isDirectory, old.isDirectory else {
            if form == .whole, Self.isSame(status, old), Self.isSameLink(name, in: directory, status, old, below) {
                return false
            }
            if isOwnPlace(path, status) { return false }
            changes.append(FileChange(kind: .changed, path: path))
            return true
        }
        let own = OpenDirectory(try Files.open(raw: name, in: directory.number, O_RDONLY | O_DIRECTORY))
        let differs = try compare(own, lower, path: path)
        guard differs || !Self.hasSameOwner(status, old) else { return false }
        changes.append(FileChange(kind: .changed, path: path))
        return true
    }

    private mutating func added(
        _ name: RawName, in directory: OpenDirectory, _ status: FileStatus, _ path: [UInt8]
    ) throws(SystemError) -> Bool {
        if status.isDirectory {
            let own = OpenDirectory(try Files.open(raw: name, in: directory.number, O_RDONLY | O_DIRECTORY))
            let hasContent = try compare(own, Below(), path: path)
            if !hasContent, isOwnPlace(path, status) { return false }
        } else if isOwnPlace(path, status) {
            return false
        }
        changes.append(FileChange(kind: .added, path: path))
        return true
    }

    private func isOwnPlace(_ path: [UInt8], _ status: FileStatus) -> Bool {
        ownPlaces.contains(path) && (status.isDirectory || status.isRegular && status.size == 0)
    }

    // What the layers show under `name`.
    private static func find(_ name: RawName, in below: Below) -> Below {
        var result = Below()
        for directory in below.directories {
            guard let status = try? Files.status(raw: name, in: directory.number) else { continue }
            if status.isWhiteout { break }
            if result.status == nil {
                result.status = status
                guard status.isDirectory else { break }
            }
            guard status.isDirectory, let opened = OpenDirectory.open(name, in: directory.number) else { break }
            result.directories.append(opened)
            if isOpaque(opened.number) { break }
        }
        return result
    }

    private static func isOpaque(_ directory: CInt) -> Bool {
        (try? ExtendedAttributes.get(RawName("user.overlay.opaque"), of: directory)) == [UInt8(ascii: "y")]
    }

    private static func hasSameOwner(_ one: FileStatus, _ other: FileStatus) -> Bool {
        one.user == other.user && one.group == other.group && one.raw.st_mode == other.raw.st_mode
    }

    private static func isSame(_ one: FileStatus, _ other: FileStatus) -> Bool {
        guard hasSameOwner(one, other), one.device == other.device else { return false }
        // Links are compared by what they say.
        return one.isSymbolicLink || one.size == other.size && one.modificationTime == other.modificationTime
    }

    private static func isSameLink(
        _ name: RawName, in directory: OpenDirectory, _ status: FileStatus, _ old: FileStatus, _ below: Below
    ) -> Bool {
        guard status.isSymbolicLink, old.isSymbolicLink else { return true }
        let target = try? Files.readLink(raw: name, in: directory.number)
        for lower in below.directories {
            if let other = try? Files.readLink(raw: name, in: lower.number) { return other == target }
        }
        return false
    }
}

/// The bytes that a directory's files take.
enum TreeSize {
    /// The sum of the sizes of all regular files and links below `path`, each file once, in bytes. What cannot be read
    /// counts nothing.
    static func bytes(of path: String) -> Int64 {
        guard let root = try? FileDescriptor.open(path, O_RDONLY | O_DIRECTORY) else { return 0 }
        var seen: Set<FileIdentity> = []
        return bytes(of: root, &seen)
    }

    private static func bytes(of directory: borrowing FileDescriptor, _ seen: inout Set<FileIdentity>) -> Int64 {
        var total: Int64 = 0
        for name in (try? Files.rawNames(of: directory.rawValue)) ?? [] {
            guard let status = try? Files.status(raw: name, in: directory.rawValue) else { continue }
            if status.isDirectory {
                if let child = try? Files.open(raw: name, in: directory.rawValue, O_RDONLY | O_DIRECTORY) {
                    total += bytes(of: child, &seen)
                }
            } else if status.isRegular || status.isSymbolicLink {
                if status.linkCount > 1, !seen.insert(status.identity).inserted { continue }
                total += Int64(status.size)
            }
        }
        return total
    }
}
