import Bytes
import Dockerfile
import Errors
import Glibc
import Linux

/// A context as mounts show it: without what its `.dockerignore` leaves out.
///
/// That is hidden by a layer over the context's directory, with a white-out for each name that is left out: what is ignored is
/// not there, nothing is copied, and the context stays as it is.
struct ContextView {
    private let tree: ContextTree

    init(_ tree: ContextTree) { self.tree = tree }

    /// The directories of layers that show it, the lowest first. One with white-outs is made in a new directory below `folder`,
    /// if it takes any. Throws `EngineError`, of the kind `cancelled` too.
    func layers(below folder: String, _ cancellation: Cancellation) throws(EngineError) -> [String] {
        guard let ignored = tree.ignored else { return [tree.directory] }
        do {
            let search = IgnoredFiles(ignored, cancellation)
            try search.find(in: tree.directory)
            if search.found.isEmpty { return [tree.directory] }
            let cover = "\(folder)/\(randomHex(bytes: 8))"
            try ContextCover(tree.directory, cover).make(search.found)
            return [tree.directory, cover]
        } catch let error as EngineError {
            throw error
        } catch { throw EngineError("cannot look through the context \(tree.directory): \(error)") }
    }
}

/// Finds what of a context is left out.
private final class IgnoredFiles {
    /// A directory that is shown, by its path below the context, and the names in it that are not.
    struct Group {
        let directory: RawName
        let names: [RawName]
    }

    private struct Level {
        var names: [RawName]
        let patterns: IgnoreMatcher.Directory
        let isIgnored: Bool
        var hidden: [RawName] = []
        var showsAny = false
    }

    private let ignored: IgnoreMatcher
    private let cancellation: Cancellation
    private(set) var found: [Group] = []

    init(_ ignored: IgnoreMatcher, _ cancellation: Cancellation) {
        self.ignored = ignored
        self.cancellation = cancellation
    }

    func find(in context: String) throws {
        let root = try FileDescriptor.open(context, O_RDONLY | O_DIRECTORY)
        var trail = DirectoryTrail(root: root.rawValue)
        var levels = [Level(names: try Files.rawNames(of: root.rawValue), patterns: .root, isIgnored: false)]
        while true {
            guard let name = levels[levels.count - 1].names.popLast() else {
                let level = levels.removeLast()
                let path = trail.path
                let isShown = !level.isIgnored || level.showsAny
                if isShown, !level.hidden.isEmpty { found.append(Group(directory: path, names: level.hidden)) }
                if levels.isEmpty { return }
                let own = trail.name
                try trail.leave()
                // A directory that is left out is there for what of it is not.
                if isShown {
                    levels[levels.count - 1].showsAny = true
                } else {
                    levels[levels.count - 1].hidden.append(own)
                }
                continue
            }
            if cancellation.isCancelled { throw EngineError("context canceled", .cancelled) }
            let path = (trail.depth == 0 ? [] : trail.path.bytes + [UInt8(ascii: "/")]) + name.bytes
            let (isIgnored, patterns) = ignored.ignores(path[...], in: levels[levels.count - 1].patterns)
            // Something that has gone meanwhile is not there for anybody.
            guard let status = try Files.status(raw: name, in: trail.current) else { continue }
            if !isIgnored { levels[levels.count - 1].showsAny = true }
            if !status.isDirectory || isIgnored && ignored.prunes(path[...]) {
                if isIgnored { levels[levels.count - 1].hidden.append(name) }
                continue
            }
            try trail.enter(name)
            levels.append(
                Level(names: try Files.rawNames(of: trail.current), patterns: patterns, isIgnored: isIgnored))
        }
    }
}

/// A layer of white-outs over a context.
private final class ContextCover {
    private let context: String
    private let cover: String
    private var made: [RawName] = []

    init(_ context: String, _ cover: String) {
        self.context = context
        self.cover = cover
    }

    func make(_ groups: [IgnoredFiles.Group]) throws(SystemError) {
        try Files.makeDirectories(cover, mode: 0o755)
        made.append([0])
        for group in groups {
            try makeDirectories(group.directory)
            for name in group.names {
                // The character device 0:0, which everybody may make from Linux 5.8 on.
                let path = Array(place(group.directory, in: cover).dropLast()) + [slash] + name
                try Files.makeNode(raw: path, in: AT_FDCWD, mode: S_IFCHR)
            }
        }
        // Times change with what is made inside, and a mode may forbid that.
        for path in made.reversed() { try copyLooks(path) }
    }

    private let slash = CChar(bitPattern: UInt8(ascii: "/"))

    // `path` is relative; of zero letters it is the root.
    private func place(_ path: RawName, in root: String) -> RawName {
        let start = Array(RawName(root).dropLast())
        return path.first == 0 ? start + path : start + [slash] + path
    }

    private func makeDirectories(_ path: RawName) throws(SystemError) {
        for end in path.indices where path[end] == slash || path[end] == 0 && end > 0 {
            let part = Array(path[..<end]) + [0]
            let target = place(part, in: cover)
            if mkdir(target, 0o755) == 0 {
                made.append(part)
            } else if Errno.current != .exists {
                throw SystemError("mkdir", target.abbreviated)
            }
        }
    }

    // An overlay shows the looks of the topmost of the directories that it joins.
    private func copyLooks(_ path: RawName) throws(SystemError) {
        let target = place(path, in: cover)
        guard let status = try Files.status(raw: place(path, in: context), in: AT_FDCWD) else { return }
        if lchown(target, status.user, status.group) < 0, Errno.current != .notPermitted {
            throw SystemError("chown", target.abbreviated)
        }
        try Files.setMode(raw: target, in: AT_FDCWD, status.permissions)
        try Files.setTimes(
            raw: target, in: AT_FDCWD, access: status.accessTime, modification: status.modificationTime)
    }
}
