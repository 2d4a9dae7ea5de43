import Glibc
import Linux

/// One run of a `LayerWriter`: the directories that it is in, and what it has to remember. It goes down and back in a
/// loop, because a tree may be deeper than a stack.
final class LayerWriting {
    /// A way down one of the trees.
    final class Source {
        var trail: DirectoryTrail
        let owners: OwnerMap?
        /// Whether fuse-overlayfs has written it.
        let isOfFuse: Bool

        init(_ root: CInt, _ limit: Int, _ owners: OwnerMap?, isOfFuse: Bool) {
            trail = DirectoryTrail(root: root, limit: limit)
            self.owners = owners
            self.isOfFuse = isOfFuse
        }

        /// Whether the directory that it is in hides those of the layers below.
        func isOpaque() throws(SystemError) -> Bool {
            try isOfFuse ? OverlayAttributes.isOpaqueByFuse(current) : OverlayAttributes.isOpaque(current)
        }

        var current: CInt { trail.current }
    }

    /// A name that is still to be written: what the source of this number has, or that it is gone.
    struct Entry {
        let name: RawName
        var source = 0
        var isGone = false
    }

    /// A directory on the way: the sources that are in it, the topmost first, and what is left to do.
    struct Level {
        let sources: [Source]
        /// The last comes next.
        var entries: [Entry]
        let header: TarEntry
        /// Whether the archive has it.
        var isWritten = false
        /// Whether the layers have no such directory.
        var isNew = false
        /// Whether its looks are others than theirs, and its time is.
        var differs = false
        var differsInTime = false
        /// Whether something in it was left out as a place to mount on, which changes its time.
        var hasMountPlaces = false
        /// The length of `path` above it.
        let above: Int
    }

    let options: LayerWriter
    let writer: TarWriter
    private let roots: [Source]
    var levels: [Level] = []
    /// Where the last level is, without a final zero; empty for the root.
    var path: RawName = []
    /// Where the first name of a file with several is in the archive.
    var links: [FileIdentity: RawName] = [:]
    var report = LayerWriter.Report()

    init(_ options: LayerWriter, _ directories: [CInt], _ writer: TarWriter) {
        self.options = options
        self.writer = writer
        // All together not more than a process may have that has a thousand.
        let limit = max(1, 64 / max(1, directories.count))
        var roots: [Source] = []
        for directory in directories {
            let isFirst = roots.isEmpty
            roots.append(
                Source(directory, limit, isFirst ? options.owners : nil, isOfFuse: isFirst && options.isOfFuse))
        }
        self.roots = roots
    }

    var isMerged: Bool { options.form == .merged || isSquashed }

    /// Whether what is gone is said, too.
    var isSquashed: Bool { options.form == .squashed }

    func write() throws(ArchiveError) {
        guard !roots.isEmpty else { return }
        var root = try open(roots, above: 0)
        // An overlay's root is made by the engine, with the looks of that of a layer.
        if roots.count > 1, !isMerged {
            root.differs = true
            for layer in roots.dropFirst() where root.differs {
                root.differs = try reading([0]) { () throws(SystemError) in
                    try !hasSameLooks(root, Files.status(of: layer.current), layer)
                }
            }
        }
        levels.append(root)
        if options.form == .merged { try writePending() }
        while !levels.isEmpty {
            if let entry = levels[levels.count - 1].entries.popLast() {
                try add(entry)
            } else {
                try finish()
            }
        }
    }

    /// The path of `name` in the last level, with a final zero.
    func path(of name: RawName) -> RawName {
        if path.isEmpty { return name }
        return name.count == 1 ? path + name : path + [47] + name
    }

    /// Runs `body`; what it throws is about `name` in the last level.
    func reading<T: ~Copyable>(
        _ name: @autoclosure () -> RawName, _ body: () throws(SystemError) -> T
    ) throws(ArchiveError) -> T {
        do throws(SystemError) {
            return try body()
        } catch {
            let whole = path(of: name())
            throw .unreadableEntry(whole.count > 1 ? whole.abbreviated : "/", error)
        }
    }

    // What is in the directory that `sources` have just entered, and `path` leads to.
    private func open(_ sources: [Source], above: Int) throws(ArchiveError) -> Level {
        let top = sources[0]
        return try reading([0]) { () throws(SystemError) in
            let status = try Files.status(of: top.current)
            var header = header(path + (path.isEmpty ? [46, 0] : [0]), .directory, status, top)
            if let kept = try kept(top.current) { header.apply(kept) }
            header.attributes = try attributes(top, of: top.current)
            return Level(sources: sources, entries: try entries(sources), header: header, above: above)
        }
    }

    private func entries(_ sources: [Source]) throws(SystemError) -> [Entry] {
        var entries: [Entry] = []
        var hidden: Set<RawName> = []
        for name in try Files.rawNames(of: sources[0].current) {
            switch sources[0].isOfFuse ? OverlayAttributes.fuseMark(name) : .none {
            case .none: entries.append(Entry(name: name))
            case .gone(let other):
                hidden.insert(other)
                if !isMerged { entries.append(Entry(name: other, isGone: true)) }
            case .directory: continue
            }
        }
        if options.form != .upper, sources.count > 1 {
            var seen = hidden.union(entries.map(\.name))
            for (place, source) in sources.enumerated().dropFirst() {
                for name in try Files.rawNames(of: source.current) where seen.insert(name).inserted {
                    entries.append(
                        isMerged ? Entry(name: name, source: place) : Entry(name: name, source: place, isGone: true))
                }
            }
        }
        entries.sort { strcmp($0.name, $1.name) > 0 }
        return entries
    }

    // All that is in the last level has been written.
    private func finish() throws(ArchiveError) {
        let last = levels.count - 1
        let level = levels[last]
        if !level.isWritten {
            if last > 0, level.isNew, isMountPlace(path) {
                levels[last - 1].hasMountPlaces = true
            } else if level.isNew || level.differs || level.differsInTime && !level.hasMountPlaces {
                try writePending()
            }
        }
        if last > 0 {
            for source in level.sources { try reading([0]) { () throws(SystemError) in try source.trail.leave() } }
            path.removeSubrange(level.above...)
        }
        levels.removeLast()
    }

    func isMountPlace(_ path: RawName) -> Bool {
        guard !options.mountPlaces.isEmpty else { return false }
        return options.mountPlaces.contains(path.map(UInt8.init(bitPattern:)))
    }

    // MARK: - Ways down

    /// Goes into the directory `name` of the topmost source from `place` on, which has it, and of those below that show
    /// through it. False where it is gone.
    func enter(_ name: RawName, from place: Int, old: FileStatus?) throws(ArchiveError) -> Bool {
        let sources = levels[levels.count - 1].sources
        var entered: [Source] = []
        var isOpaque = false
        scan: for source in sources[place...] {
            if options.writesAll, !entered.isEmpty { break }
            // Only what is a directory on both sides is compared.
            if !isMerged, !entered.isEmpty, !(old?.isDirectory ?? false) { break }
            do throws(SystemError) {
                try source.trail.enter(name)
            } catch {
                switch error.errno {
                case .noEntry:
                    if entered.isEmpty { return false }
                    continue scan
                // A file or a whiteout hides what is further below.
                case .notDirectory, .loop:
                    if entered.isEmpty { return false }
                    isOpaque = isSquashed
                    break scan
                default: throw .unreadableEntry(path(of: name).abbreviated, error)
                }
            }
            entered.append(source)
            // Of a whole tree nothing is a mark.
            if options.form == .difference, entered.count == 1 { continue }
            let opaque = try reading(name) { () throws(SystemError) in try source.isOpaque() }
            // The topmost is still to be compared with what it hides.
            if opaque, !isMerged, entered.count == 1 {
                isOpaque = true
            } else if opaque {
                isOpaque = isSquashed
                break
            }
        }
        let above = path.count
        let whole = path(of: name)
        path = Array(whole.dropLast())
        var level = try open(entered, above: above)
        if !isMerged { try compare(&level, old) }
        if isOpaque, !isSquashed, entered.count > 1 || options.writesAll {
            // What it shows is new, and what is below it is gone.
            for source in entered.dropFirst() {
                try reading([0]) { () throws(SystemError) in try source.trail.leave() }
            }
            levels.append(
                Level(sources: [entered[0]], entries: level.entries, header: level.header, above: above))
            try writePending()
            try addMark(".wh..wh..opq")
            return true
        }
        levels.append(level)
        if isMerged { try writePending() }
        if isSquashed, isOpaque { try addMark(".wh..wh..opq") }
        return true
    }
}
