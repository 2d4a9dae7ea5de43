import Glibc

/// Copies a directory tree, or the merged tree of a stack of layers, where overlayfs is refused.
package struct TreeCopy: Sendable {
    /// What the sources are.
    package enum Form: Sendable {
        /// Layers in overlay form: whiteouts and opaque directories hide what is below and are not copied.
        case overlay
        /// A plain tree: everything is copied as it is.
        case plain
    }

    package var form: Form
    /// What the copies' owners are by those of the sources; nil: the same.
    package var owners: OwnerMap?
    /// Whether the target itself gets the owner, mode, attributes and times of the topmost source.
    package var describesTarget = true

    package init(_ form: Form, owners: OwnerMap? = nil) {
        self.form = form
        self.owners = owners
    }

    /// Copies what `sources` show, the topmost first, into the empty directory `target`, with owners, modes,
    /// times, extended attributes, holes and the hard links within each source. Blocks are shared where the file
    /// system can (reflink). All descriptors are open directories and borrowed; a few more are taken for each, however
    /// deep the trees are. Throws `TreeCopyError`; `target` then holds a part.
    package func copy(_ sources: [CInt], into target: CInt) throws(TreeCopyError) -> TreeCopyReport {
        let run = TreeCopyRun(self, sources, target)
        do throws(SystemError) {
            try run.copy()
        } catch {
            throw TreeCopyError(path: run.place.abbreviated, cause: error)
        }
        return run.report
    }
}

/// A file of a tree that could not be copied.
package struct TreeCopyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where it is below the tree's root, as a message shows it.
    package let path: String
    package let cause: SystemError

    package var description: String { "\"\(path)\" cannot be written: \(cause)" }
}

/// What was copied.
package struct TreeCopyReport: Sendable, Equatable, Codable {
    package var entries = 0
    /// The bytes of content that were copied, without holes and shared blocks.
    package var copiedBytes = 0
    /// The number of files whose blocks are shared with their source.
    package var sharedFiles = 0
    /// The number of devices that could not be made in this user namespace.
    package var skippedNodes = 0
}

/// One copy: the directories that it is in, and what it has to remember. It goes down and back in a loop, because a tree
/// may be deeper than a stack.
private final class TreeCopyRun {
    /// A way down one of the sources.
    private final class Source {
        var trail: DirectoryTrail
        init(_ root: CInt, _ limit: Int) { trail = DirectoryTrail(root: root, limit: limit) }
        var current: CInt { trail.current }
    }

    /// A name that is still to be copied, and the first of the level's sources that has it.
    private struct Entry {
        let name: RawName
        let source: Int
    }

    /// A directory that is being copied: the sources that are in it, the topmost first, and what is left to do.
    private struct Level {
        let sources: [Source]
        var entries: [Entry]
    }

    private let options: TreeCopy
    private let roots: [Source]
    private let root: CInt
    private var target: DirectoryTrail
    private var levels: [Level] = []
    private var copier = FileCopier()
    private(set) var report = TreeCopyReport()
    /// Where the first name of a file with several was copied to, relative to the root.
    private var links: [FileIdentity: RawName] = [:]
    // The entry that is being copied.
    private var name: RawName = [0]

    init(_ options: TreeCopy, _ sources: [CInt], _ target: CInt) {
        self.options = options
        // All together not more than a process may have that has a thousand.
        let limit = max(1, 64 / max(1, sources.count))
        roots = sources.map { Source($0, limit) }
        root = target
        self.target = DirectoryTrail(root: target)
        copier.keepsOverlayAttributes = options.form == .plain
        copier.owners = options.owners
    }

    /// What is being copied, for an error.
    var place: RawName {
        if name.count <= 1 { return target.path }
        return target.depth == 0 ? name : target.path.dropLast() + [47] + name
    }

    func copy() throws(SystemError) {
        if roots.isEmpty { return }
        var visible: [Source] = []
        for source in roots {
            visible.append(source)
            if try isOpaque(source.current) { break }
        }
        levels.append(try level(visible))
        while !levels.isEmpty {
            if let entry = levels[levels.count - 1].entries.popLast() {
                name = entry.name
                try add(entry)
            } else {
                name = [0]
                try finish(levels.removeLast())
            }
        }
        report.copiedBytes = copier.copiedBytes
        report.sharedFiles = copier.sharedFiles
    }

    private func level(_ sources: [Source]) throws(SystemError) -> Level {
        var entries: [Entry] = []
        if sources.count == 1 {
            for name in try Files.rawNames(of: sources[0].current) { entries.append(Entry(name: name, source: 0)) }
        } else {
            var seen: Set<RawName> = []
            for place in 0..<sources.count {
                for name in try Files.rawNames(of: sources[place].current) where seen.insert(name).inserted {
                    entries.append(Entry(name: name, source: place))
                }
            }
        }
        return Level(sources: sources, entries: entries)
    }

    // The directory's own description comes last: what is made in it changes its times.
    private func finish(_ level: Level) throws(SystemError) {
        let isRoot = levels.isEmpty
        if !isRoot || options.describesTarget {
            let top = level.sources[0].current
            try copier.copyDescription(of: top, Files.status(of: top), to: target.current)
        }
        if isRoot { return }
        for source in level.sources { try source.trail.leave() }
        try target.leave()
    }

    private func add(_ entry: Entry) throws(SystemError) {
        let sources = levels[levels.count - 1].sources
        let source = sources[entry.source].current
        // It may have gone away meanwhile.
        guard let status = try Files.status(raw: name, in: source) else { return }
        if options.form == .overlay && status.isWhiteout { return }
        report.entries += 1
        if status.isDirectory { return try addDirectory(sources[entry.source...]) }
        if status.linkCount > 1, try addLink(status) { return }
        do throws(SystemError) {
            try copier.copy(name, in: source, status, to: name, in: target.current)
        } catch {
            let isDevice = status.type == S_IFCHR || status.type == S_IFBLK
            guard isDevice && error.errno == .notPermitted else { throw error }
            report.skippedNodes += 1
        }
    }

    /// Whether the file is now a link to its first name's copy.
    private func addLink(_ status: FileStatus) throws(SystemError) -> Bool {
        guard let first = links[status.identity] else {
            links[status.identity] = place
            return false
        }
        do throws(SystemError) {
            if first.count <= Int(PATH_MAX) {
                try Files.makeHardLink(raw: name, in: target.current, to: first, in: root)
            } else {
                let (folder, last) = try Self.open(parentOf: first, in: root)
                defer { close(folder) }
                try Files.makeHardLink(raw: name, in: target.current, to: last, in: folder)
            }
            return true
        } catch {
            // A file system with fewer links, or a first name that was skipped: a copy of its own then.
            if error.errno == .noEntry || error.errno == Errno(EMLINK) { return false }
            throw error
        }
    }

    // The directory that a path is in which is too long for one call, and the last name. Nobody else is in the tree yet.
    private static func open(parentOf path: RawName, in root: CInt) throws(SystemError) -> (CInt, RawName) {
        var directory = try FileDescriptor.open(".", in: root, FileDescriptor.pathOnly | O_DIRECTORY)
        var rest = path[...]
        while rest.count > 2048 {
            guard let slash = rest.prefix(2048).lastIndex(of: 47) else { throw SystemError("open", nil, .nameTooLong) }
            directory = try Files.open(
                raw: Array(rest[..<slash]) + [0], in: directory.rawValue, FileDescriptor.pathOnly | O_DIRECTORY)
            rest = rest[(slash + 1)...]
        }
        guard let slash = rest.lastIndex(of: 47) else { return (directory.release(), Array(rest)) }
        let parent = try Files.open(
            raw: Array(rest[..<slash]) + [0], in: directory.rawValue, FileDescriptor.pathOnly | O_DIRECTORY)
        return (parent.release(), Array(rest[(slash + 1)...]))
    }

    private func addDirectory(_ sources: ArraySlice<Source>) throws(SystemError) {
        var entered: [Source] = []
        scan: for source in sources {
            do throws(SystemError) {
                try source.trail.enter(name)
            } catch {
                switch error.errno {
                case .noEntry: continue scan
                // A file or a whiteout below hides what is further below.
                case .notDirectory, .loop: break scan
                default: throw error
                }
            }
            entered.append(source)
            if try isOpaque(source.current) { break }
        }
        try Files.makeDirectory(name, in: target.current, mode: 0o700)
        // It went away meanwhile.
        if entered.isEmpty { return }
        let level = try level(entered)
        try target.enter(name)
        levels.append(level)
        name = [0]
    }

    private func isOpaque(_ directory: CInt) throws(SystemError) -> Bool {
        guard options.form == .overlay else { return true }
        return try OverlayAttributes.isOpaque(directory)
    }
}
