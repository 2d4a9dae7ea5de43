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
    enum Form: String {
        /// An overlay's upper directory: it has what differs alone, and whiteouts for what is gone.
        case overlay
        /// The same by fuse-overlayfs, which has marks of its own.
        case fuse
        /// The whole tree, as it is where the kernel refuses an overlay.
        case whole
    }

    // A layer, and how far down it is.
    private final class Layer {
        var trail: DirectoryTrail
        let root: FileDescriptor
        init(_ root: consuming FileDescriptor, _ limit: Int) {
            trail = DirectoryTrail(root: root.rawValue, limit: limit)
            self.root = root
        }
        var current: CInt { trail.current }
    }

    // A directory that is being compared: the layers that have it, the topmost first, and what is still to be looked at.
    private struct Level {
        let path: [UInt8]
        // Nil for the root.
        let status: FileStatus?
        // What the layers have there; nil where they have nothing.
        let old: FileStatus?
        let layers: [Layer]
        var names: [RawName]
        var differs: Bool
    }

    private let form: Form
    private(set) var changes: [FileChange] = []
    // The sizes of the files and links among them, each file once.
    private var bytes: Int64 = 0
    private var seen: Set<FileIdentity> = []
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
        try run(directory, form, layers, ownPlaces).changes.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    }

    private static func run(
        _ directory: String, _ form: Form, _ layers: [String], _ ownPlaces: [String]
    ) throws(SystemError) -> TreeChanges {
        var run = TreeChanges(form, ownPlaces: ownPlaces)
        let root = try FileDescriptor.open(directory, O_RDONLY | O_DIRECTORY)
        let limit = max(1, 64 / max(1, layers.count))
        var below: [Layer] = []
        for layer in layers { below.append(Layer(try FileDescriptor.open(layer, O_RDONLY | O_DIRECTORY), limit)) }
        try run.compare(root.rawValue, below)
        return run
    }

    /// The sizes of the files and links of the tree `directory` that are not in `layers`, the topmost first, as they are
    /// there, each file once, in bytes. Throws `SystemError`.
    static func size(
        of directory: String, above layers: [String], ownPlaces: [String]
    ) throws(SystemError) -> Int64 {
        try run(directory, .whole, layers, ownPlaces).bytes
    }

    // Down and back in a loop: a container can make directories deeper than a stack.
    private mutating func compare(_ root: CInt, _ layers: [Layer]) throws(SystemError) {
        var trail = DirectoryTrail(root: root)
        var levels = [try level(trail.current, nil, nil, layers, path: [])]
        while !levels.isEmpty {
            let last = levels.count - 1
            if let name = levels[last].names.popLast() {
                let path = levels[last].path + [47] + name.bytes
                guard let status = try Files.status(raw: name, in: trail.current) else { continue }
                let old = Self.find(name, in: levels[last].layers)
                if status.isDirectory, old?.isDirectory ?? true {
                    let entered = old == nil ? [] : try Self.enter(name, levels[last].layers)
                    try trail.enter(name)
                    levels.append(try level(trail.current, status, old, entered, path: path))
                } else if compare(name, in: trail.current, status, old, levels[last].layers, path) {
                    levels[last].differs = true
                }
            } else {
                let done = levels.removeLast()
                guard let status = done.status else { return }
                for layer in done.layers { try layer.trail.leave() }
                try trail.leave()
                if finish(done, status) { levels[last - 1].differs = true }
            }
        }
    }

    private mutating func level(
        _ directory: CInt, _ status: FileStatus?, _ old: FileStatus?, _ layers: [Layer], path: [UInt8]
    ) throws(SystemError) -> Level {
        var names = try Files.rawNames(of: directory)
        var differs = false
        if form == .fuse {
            for name in names {
                guard case .gone(let other) = OverlayAttributes.fuseMark(name), Self.find(other, in: layers) != nil
                else { continue }
                changes.append(FileChange(kind: .deleted, path: path + [47] + other.bytes))
                differs = true
            }
            names.removeAll { OverlayAttributes.fuseMark($0) != .none }
        }
        // Where the directory shows nothing of what is below it, what it does not have is gone.
        let isOpaque =
            switch form {
            case .whole: true
            case .overlay: Self.isOpaque(directory)
            case .fuse: try OverlayAttributes.isOpaqueByFuse(directory)
            }
        if isOpaque {
            let present = Set(names)
            var seen: Set<RawName> = []
            for layer in layers {
                for name in try Files.rawNames(of: layer.current) where !present.contains(name) {
                    guard seen.insert(name).inserted, Self.find(name, in: layers) != nil else { continue }
                    changes.append(FileChange(kind: .deleted, path: path + [47] + name.bytes))
                    differs = true
                }
            }
        }
        return Level(path: path, status: status, old: old, layers: layers, names: names, differs: differs)
    }

    // True where the directory, of which all that is in it has been compared, makes a difference.
    private mutating func finish(_ level: Level, _ status: FileStatus) -> Bool {
        guard let old = level.old else {
            if !level.differs, isOwnPlace(level.path, status) { return false }
            changes.append(FileChange(kind: .added, path: level.path))
            return true
        }
        guard level.differs || !Self.hasSameOwner(status, old) else { return false }
        changes.append(FileChange(kind: .changed, path: level.path))
        return true
    }

    // Of what is not a directory both here and below.
    private mutating func compare(
        _ name: RawName, in directory: CInt, _ status: FileStatus, _ old: FileStatus?, _ layers: [Layer],
        _ path: [UInt8]
    ) -> Bool {
        if form != .whole, status.isWhiteout {
            guard old != nil else { return false }
            changes.append(FileChange(kind: .deleted, path: path))
            return true
        }
        guard let old else {
            if isOwnPlace(path, status) { return false }
            changes.append(FileChange(kind: .added, path: path))
            count(status)
            return true
        }
        if form == .whole, Self.isSame(status, old), Self.isSameLink(name, in: directory, status, old, layers) {
            return false
        }
        if isOwnPlace(path, status) { return false }
        changes.append(FileChange(kind: .changed, path: path))
        count(status)
        return true
    }

    private mutating func count(_ status: FileStatus) {
        guard status.isRegular || status.isSymbolicLink,
            status.linkCount == 1 || seen.insert(status.identity).inserted
        else { return }
        bytes += Int64(status.size)
    }

    private func isOwnPlace(_ path: [UInt8], _ status: FileStatus) -> Bool {
        ownPlaces.contains(path) && (status.isDirectory || status.isRegular && status.size == 0)
    }

    // What the layers show under `name`.
    private static func find(_ name: RawName, in layers: [Layer]) -> FileStatus? {
        for layer in layers {
            guard let status = try? Files.status(raw: name, in: layer.current) else { continue }
            return status.isWhiteout ? nil : status
        }
        return nil
    }

    // Goes into the directories that make up the directory `name` of the layers; returns those that have one.
    private static func enter(_ name: RawName, _ layers: [Layer]) throws(SystemError) -> [Layer] {
        var entered: [Layer] = []
        for layer in layers {
            guard let status = try Files.status(raw: name, in: layer.current) else { continue }
            // A file or a whiteout hides what is further below.
            guard status.isDirectory else { break }
            try layer.trail.enter(name)
            entered.append(layer)
            if isOpaque(layer.current) { break }
        }
        return entered
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
        _ name: RawName, in directory: CInt, _ status: FileStatus, _ old: FileStatus, _ layers: [Layer]
    ) -> Bool {
        guard status.isSymbolicLink, old.isSymbolicLink else { return true }
        let target = try? Files.readLink(raw: name, in: directory)
        for layer in layers {
            if let other = try? Files.readLink(raw: name, in: layer.current) { return other == target }
        }
        return false
    }
}

/// The bytes that a directory's files take.
enum TreeSize {
    /// The sum of the sizes of all regular files and links below `path`, each file once, in bytes. What cannot be read
    /// counts nothing. Links count where `withLinks` says so.
    static func bytes(of path: String, withLinks: Bool = true) -> Int64 {
        var seen: Set<FileIdentity> = []
        var total: Int64 = 0
        visit(path) { status in
            guard withLinks || status.isRegular else { return }
            if status.linkCount == 1 || seen.insert(status.identity).inserted { total += Int64(status.size) }
        }
        return total
    }

    /// The bytes of content that the disk gets back when `path` is removed: files without their holes, and those with
    /// several names where no name is elsewhere. What cannot be read counts nothing.
    static func reclaimable(of path: String) -> Int64 {
        var names: [FileIdentity: Int] = [:]
        var total: Int64 = 0
        visit(path) { status in
            guard status.linkCount > 1 else { return total += status.reclaimableBytes }
            names[status.identity, default: 0] += 1
            if names[status.identity] == status.linkCount { total += status.reclaimableBytes }
        }
        return total
    }

    // All files and links below the directory.
    private static func visit(_ path: String, _ body: (FileStatus) -> Void) {
        guard let root = try? FileDescriptor.open(path, O_RDONLY | O_DIRECTORY) else { return }
        // Nothing of it throws.
        try? Files.walk(below: root.rawValue) { (directory, name) throws(SystemError) in
            guard let status = try? Files.status(raw: name, in: directory) else { return false }
            if status.isRegular || status.isSymbolicLink { body(status) }
            return status.isDirectory
        } unreadable: { (_) throws(SystemError) in
        }
    }
}
