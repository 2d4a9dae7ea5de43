import Dockerfile
import Glibc
import Linux

/// What a `.dockerignore`, `--exclude` or `--parents` leaves of the files below a directory.
struct SelectionFilter: Sendable {
    let matcher: IgnoreMatcher
    /// How many bytes of a path from the root are in front of what the patterns are about.
    let offset: Int
}

/// A tree as the sources of COPY see it: nothing outside of its root, and nothing that is ignored.
struct SelectionView: ~Copyable {
    /// The open root.
    let root: CInt
    /// Whose patterns are about all of it; nil: all is seen.
    let ignored: IgnoreMatcher?

    /// Where a path leads.
    struct Place {
        /// The way from the root, without links.
        let names: [RawName]
        let status: FileStatus

        /// The names with slashes between them.
        var path: [UInt8] { Array(names.map(\.bytes).joined(separator: [UInt8(ascii: "/")])) }
    }

    /// Follows `path` from the root as if there were nothing else: ".." stops at the root, and so do links. Each step is taken by a
    /// descriptor, whatever is renamed meanwhile. Returns nil where there is nothing. Throws `SystemError`.
    borrowing func find(_ path: [UInt8]) throws(SystemError) -> Place? {
        var trail = DirectoryTrail(root: root, flags: FileDescriptor.pathOnly)
        var names: [RawName] = []
        var pending = Self.components(path)
        var links = 0
        while let name = pending.popLast() {
            if name == [46, 46, 0] {
                if names.popLast() != nil { try trail.leave() }
                continue
            }
            guard let opened = try Self.openIfPresent(name, in: trail.current) else { return nil }
            let status = try opened.status()
            guard isSeen(names + [name], status) else { return nil }
            if status.isSymbolicLink {
                links += 1
                if links > 255 { throw SystemError("open", name.printable, .loop) }
                // Of the very link that was opened.
                let target = try Files.readLink(raw: [0], in: opened.rawValue).bytes
                if target.first == UInt8(ascii: "/") {
                    trail = DirectoryTrail(root: root, flags: FileDescriptor.pathOnly)
                    names = []
                }
                pending += Self.components(target)
            } else if status.isDirectory {
                try trail.enter(name, opened)
                names.append(name)
            } else {
                return pending.isEmpty ? Place(names: names + [name], status: status) : nil
            }
        }
        return Place(names: names, status: try Files.status(of: trail.current))
    }

    private static func openIfPresent(_ name: RawName, in directory: CInt) throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) { return try Files.open(raw: name, in: directory, FileDescriptor.pathOnly) } catch {
            if error.errno == .noEntry || error.errno == .notDirectory || error.errno == .nameTooLong { return nil }
            throw error
        }
    }

    // The last one first.
    private static func components(_ path: [UInt8]) -> [RawName] {
        path.split(separator: UInt8(ascii: "/")).reversed().filter { Array($0) != [46] }.map {
            $0.map(CChar.init(bitPattern:)) + [0]
        }
    }

    private func isSeen(_ names: [RawName], _ status: FileStatus) -> Bool {
        guard let ignored else { return true }
        let path = Place(names: names, status: status).path
        if !ignored.ignores(path) { return true }
        return status.isDirectory && !ignored.prunes(path[...])
    }

    /// The open directory `names`, for reading. Throws `SystemError`.
    borrowing func open(_ names: [RawName]) throws(SystemError) -> FileDescriptor {
        var trail = DirectoryTrail(root: root, flags: FileDescriptor.pathOnly)
        for name in names { try trail.enter(name) }
        return try Files.open(raw: [46, 0], in: trail.current, O_RDONLY | O_DIRECTORY)
    }

    /// The paths below the directory `directory` that match `pattern`, in the order of their bytes; what matches is not looked into.
    borrowing func matches(_ pattern: PathPattern, in directory: Place) throws(SystemError) -> [[UInt8]] {
        var found: [[UInt8]] = []
        let base = directory.path + (directory.names.isEmpty ? [] : [UInt8(ascii: "/")])
        var pending: [[UInt8]] = [[]]
        while let prefix = pending.popLast() {
            let folder = try open(directory.names + Self.components(prefix).reversed())
            var deeper: [[UInt8]] = []
            for name in try Files.rawNames(of: folder.rawValue).sorted(by: { SelectionWalk.comes($0, before: $1) }) {
                let path = prefix + (prefix.isEmpty ? [] : [UInt8(ascii: "/")]) + name.bytes
                guard let status = try Files.status(raw: name, in: folder.rawValue) else { continue }
                let full = base + path
                if let ignored, ignored.ignores(full), !status.isDirectory || ignored.prunes(full[...]) { continue }
                if pattern.matches(path) {
                    found.append(path)
                } else if status.isDirectory, path.count(where: { $0 == UInt8(ascii: "/") }) < pattern.depth {
                    deeper.append(path)
                }
            }
            pending += deeper.reversed()
        }
        return found.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
