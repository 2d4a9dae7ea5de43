import Bytes
import Dockerfile
import Errors
import Glibc
import Linux

/// What is to be looked for in one root: paths and patterns as COPY has them, in order.
struct SelectionSources: Sendable {
    /// One of the words.
    struct Source: Sendable {
        /// An absolute path, clean: what it names below the root.
        var path: [UInt8]
        /// Whether wildcards in it mean something.
        var hasWildcards = true
        /// Whether an archive by this name is unpacked.
        var isUnpacked = false
        /// For `--parents`: what is in front of the part of the path that is kept.
        var pivot: [UInt8] = []
        /// Its place among the roots of the selection.
        var root = 0
        /// What a file is called, where that is not the last name of the path.
        var name: RawName?
        /// What takes the place of the file's own permissions and times.
        var mode: FileMode?
        var modification: FileTime?
    }

    var sources: [Source] = []
    /// `--exclude`.
    var excluded: [String] = []
    var keepsParents = false

    /// The root that they are looked for in.
    struct Root {
        /// What it is called in errors.
        let label: String
        let ignored: IgnoreMatcher?
        let sums: ContentSums?
        /// Whether it is a context: its files belong to root, and what is not there is told in the words for that.
        let isContext: Bool
        let readsKeptOwners: Bool
    }

    /// Finds them all below the open directory `directory`. `check` is called from time to time, and throws what ends it. Throws
    /// `EngineError`, BuildKit's sentence for what is not there.
    func find(
        in directory: CInt, _ root: Root, check: @escaping () throws(EngineError) -> Void
    ) throws(EngineError) -> [SelectedGroup] {
        let view = SelectionView(root: directory, ignored: root.ignored)
        var groups: [SelectedGroup] = []
        for source in sources {
            try check()
            if keepsParents {
                groups += try findParents(source, view, root, check)
                continue
            }
            let (fixed, pattern) = source.hasWildcards ? PathPattern.split(source.path) : (source.path, [])
            guard !pattern.isEmpty else {
                guard let group = try group(source, fixed, view, root, check) else { throw Self.missing(fixed) }
                groups.append(group)
                continue
            }
            let matcher = try PathPattern(pattern)
            guard let place = try find(fixed, view, root), place.status.isDirectory else { continue }
            let matches: [[UInt8]]
            do throws(SystemError) { matches = try view.matches(matcher, in: place) } catch {
                throw EngineError("\(error.call) \(root.label)\(Self.text(fixed)): \(error.errno)")
            }
            // Of what matches, what is a link to nothing is an error, and what went meanwhile is nothing.
            for match in matches {
                let path = [UInt8(ascii: "/")] + place.path + [UInt8(ascii: "/")] + match
                guard let group = try group(source, path, view, root, check) else { throw Self.missing(path) }
                groups.append(group)
            }
        }
        return groups
    }

    private static func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }

    private static func missing(_ path: [UInt8]) -> EngineError {
        EngineError("\"\(text(path))\": not found", .notFound)
    }

    private func find(
        _ path: [UInt8], _ view: borrowing SelectionView, _ root: Root
    ) throws(EngineError) -> SelectionView.Place? {
        do throws(SystemError) { return try view.find(path) } catch {
            throw EngineError(
                "\(error.call) \(root.label)\(Self.text(path)): \(error.errno)",
                error.errno == .access ? .forbidden : .system)
        }
    }

    private func group(
        _ source: Source, _ path: [UInt8], _ view: borrowing SelectionView, _ root: Root,
        _ check: @escaping () throws(EngineError) -> Void
    ) throws(EngineError) -> SelectedGroup? {
        guard let place = try find(path, view, root) else { return nil }
        let asked = path.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? [UInt8(ascii: ".")]
        var group = SelectedGroup(
            root: source.root, top: place.names, name: source.name ?? asked.map { CChar(bitPattern: $0) } + [0],
            isDirectory: place.status.isDirectory)
        let start = place.names.isEmpty ? 0 : place.path.count + 1
        var filters = root.ignored.map { [SelectionFilter(matcher: $0, offset: 0)] } ?? []
        if !excluded.isEmpty { filters.append(SelectionFilter(matcher: try matcher(excluded), offset: start)) }
        let walk = walk(filters, root, check)
        guard !group.isDirectory else {
            try walk.read(place, view, into: &group)
            // An ignored directory of which nothing is taken back is none.
            if group.files.count == 1, let ignored = root.ignored, !place.names.isEmpty, ignored.ignores(place.path) {
                return nil
            }
            return group
        }
        do {
            let folder = try view.open(Array(place.names.dropLast()))
            let name = place.names[place.names.count - 1]
            guard let status = try Files.status(raw: name, in: folder.rawValue) else { return nil }
            var links: [FileIdentity: RawName] = [:]
            let number = folder.rawValue
            guard var file = try walk.read(name, in: number, status, [], place.path, &links) else { return nil }
            file.mode = source.mode ?? file.mode
            file.modification = source.modification ?? file.modification
            group.files = [file]
            if source.isUnpacked, file.kind == .regular {
                group.isArchive = try ArchiveFile.isArchive(name, in: number)
            }
            return group
        } catch let error as SystemError {
            throw EngineError("\(error.call) \(root.label)\(Self.text(path)): \(error.errno)")
        } catch let error as EngineError { throw error } catch { throw EngineError(error) }
    }

    private func walk(
        _ filters: [SelectionFilter], _ root: Root, _ check: @escaping () throws(EngineError) -> Void
    ) -> SelectionWalk {
        SelectionWalk(
            filters: filters, sums: root.sums, isRoots: root.isContext, readsKeptOwners: root.readsKeptOwners,
            label: root.label, check: check)
    }

    private func matcher(_ patterns: [String]) throws(EngineError) -> IgnoreMatcher {
        do throws(DockerfileError) { return try IgnoreMatcher(patterns: patterns) } catch {
            throw EngineError("\(error)", .invalid)
        }
    }

    /// All that the pattern names, with the directories that it is in, from the pivot on. Links are taken as links.
    private func findParents(
        _ source: Source, _ view: borrowing SelectionView, _ root: Root,
        _ check: @escaping () throws(EngineError) -> Void
    ) throws(EngineError) -> [SelectedGroup] {
        let text = String(decoding: source.path, as: UTF8.self)
        guard let pivot = try find(source.pivot, view, root), pivot.status.isDirectory else {
            throw Self.missing(source.path)
        }
        let start = pivot.names.isEmpty ? 0 : pivot.path.count + 1
        var filters = root.ignored.map { [SelectionFilter(matcher: $0, offset: 0)] } ?? []
        let kept = source.path.dropFirst(source.pivot == [UInt8(ascii: "/")] ? 1 : source.pivot.count + 1)
        if !kept.isEmpty {
            // All is left out but what is named.
            let pattern = "!" + String(decoding: kept, as: UTF8.self)
            filters.append(SelectionFilter(matcher: try matcher(["**", pattern]), offset: start))
        }
        if !excluded.isEmpty { filters.append(SelectionFilter(matcher: try matcher(excluded), offset: start)) }
        var group = SelectedGroup(root: source.root, top: pivot.names, name: RawName("."), isDirectory: true)
        try walk(filters, root, check).read(pivot, view, into: &group)
        if group.files.count == 1, !kept.isEmpty {
            if PathPattern.isPattern(source.path) { return [] }
            throw EngineError("\"\(text)\": not found", .notFound)
        }
        return [group]
    }
}
