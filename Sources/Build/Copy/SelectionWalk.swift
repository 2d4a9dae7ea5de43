import Bytes
import Dockerfile
import Errors
import Glibc
import Linux

/// Reads what one source of a COPY comes to: names, kinds, attributes and the sums of contents.
struct SelectionWalk {
    /// What else is left out.
    let filters: [SelectionFilter]
    /// Known sums; nil where contents are always read.
    let sums: ContentSums?
    /// Whether all belongs to root, as the files of a context do.
    let isRoots: Bool
    /// Whether files have the owners that are kept beside them (`KeptOwner`).
    let readsKeptOwners: Bool
    /// What the root is called in errors.
    let label: String
    /// Called from time to time; throws what ends the walk.
    let check: () throws(EngineError) -> Void

    private static let settling: Int64 = 2_000_000_000

    /// By their bytes.
    static func comes(_ left: RawName, before right: RawName) -> Bool {
        left.withUnsafeBytes { left in right.withUnsafeBytes { left.lexicographicallyPrecedes($0) } }
    }

    private struct Level {
        /// The last one first.
        var names: [RawName]
        let states: [IgnoreMatcher.Directory]
        /// How many bytes the path of the directory has, from the root.
        let length: Int
        /// The directory itself, as long as nothing of it is wanted.
        var pending: SelectedFile?
    }

    /// Adds to `group` all of `place`, which is a directory.
    func read(_ place: SelectionView.Place, _ view: borrowing SelectionView, into group: inout SelectedGroup)
        throws(EngineError)
    {
        let top = try failing(place.path) { () throws(SystemError) in try view.open(place.names) }
        var trail = DirectoryTrail(root: top.rawValue)
        var path = place.path
        let start = path.isEmpty ? 0 : path.count + 1
        var links: [FileIdentity: RawName] = [:]
        let own = try file([], .directory, try failing(path) { () throws(SystemError) in try top.status() })
        group.files.append(own)
        var levels = [
            Level(names: try names(top.rawValue, path), states: states(of: path), length: path.count, pending: nil)
        ]
        var count = 0
        while let last = levels.indices.last {
            path.removeSubrange(levels[last].length...)
            guard let name = levels[last].names.popLast() else {
                levels.removeLast()
                if levels.isEmpty { return }
                do throws(SystemError) { try trail.leave() } catch {
                    throw EngineError("\(text(path)) was moved while it was read: try again", .conflict)
                }
                continue
            }
            count += 1
            if count & 0x3ff == 0 { try check() }
            if !path.isEmpty { path.append(UInt8(ascii: "/")) }
            path += name.bytes
            let directory = trail.current
            guard
                let status = try failing(path, { () throws(SystemError) in try Files.status(raw: name, in: directory) })
            else { continue }
            let verdict = verdict(path, levels[last].states, isDirectory: status.isDirectory)
            if verdict.isHidden, !status.isDirectory || verdict.isPruned { continue }
            let relative = Array(path[start...])
            if status.isDirectory {
                let opened = try failing(path) { () throws(SystemError) in
                    try Files.open(raw: name, in: directory, O_RDONLY | O_DIRECTORY)
                }
                let number = opened.rawValue
                var found = try file(relative, .directory, status)
                try failing(path) { () throws(SystemError) in try addAttributes(of: number, to: &found) }
                let below = try names(number, path)
                do throws(SystemError) { try trail.enter(name, opened) } catch {
                    throw EngineError("\(error.call) \(text(path)): \(error.errno)")
                }
                if !verdict.isHidden { Self.emit(found, &levels, &group) }
                levels.append(
                    Level(
                        names: below, states: verdict.states, length: path.count,
                        pending: verdict.isHidden ? found : nil))
                continue
            }
            guard let found = try read(name, in: directory, status, relative, path, &links) else { continue }
            Self.emit(found, &levels, &group)
        }
    }

    // With the directories above it that were not wanted by themselves.
    private static func emit(_ file: SelectedFile, _ levels: inout [Level], _ group: inout SelectedGroup) {
        for index in levels.indices {
            if let pending = levels[index].pending { group.files.append(pending) }
            levels[index].pending = nil
        }
        group.files.append(file)
    }

    // MARK: what is left out

    private func states(of path: [UInt8]) -> [IgnoreMatcher.Directory] {
        filters.map { filter in
            var state = IgnoreMatcher.Directory.root
            guard path.count > filter.offset else { return state }
            for place in filter.offset...path.count where place == path.count || path[place] == UInt8(ascii: "/") {
                (_, state) = filter.matcher.ignores(path[filter.offset..<place], in: state)
            }
            return state
        }
    }

    private func verdict(
        _ path: [UInt8], _ above: [IgnoreMatcher.Directory], isDirectory: Bool
    ) -> (isHidden: Bool, isPruned: Bool, states: [IgnoreMatcher.Directory]) {
        var (isHidden, isPruned) = (false, false)
        var states: [IgnoreMatcher.Directory] = []
        for (index, filter) in filters.enumerated() {
            let part = path[filter.offset...]
            let (isIgnored, state) = filter.matcher.ignores(part, in: above[index])
            states.append(state)
            guard isIgnored else { continue }
            isHidden = true
            if isDirectory, filter.matcher.prunes(part) { isPruned = true }
        }
        return (isHidden, isPruned, states)
    }

    // MARK: files

    /// What the file `name` is, at `relative` in its group; nil where it is gone, or is a socket.
    func read(
        _ name: RawName, in directory: CInt, _ status: FileStatus, _ relative: [UInt8], _ path: [UInt8],
        _ links: inout [FileIdentity: RawName]
    ) throws(EngineError) -> SelectedFile? {
        switch status.type {
        case S_IFREG:
            if status.linkCount > 1 {
                if let first = links[status.identity] {
                    var link = try file(relative, .hardLink, status)
                    link.target = first
                    return link
                }
                links[status.identity] = Self.name(relative)
            }
            return try failing(path) { () throws(SystemError) in try regular(name, in: directory, status, relative) }
        case S_IFLNK:
            var link = try file(relative, .symbolicLink, status)
            link.target = try failing(path) { () throws(SystemError) in try Files.readLink(raw: name, in: directory) }
            link.mode = 0o777
            return link
        case S_IFIFO: return try file(relative, .fifo, status)
        case S_IFCHR where status.isWhiteout:
            throw EngineError(
                "\(text(path)) is a character device 0:0, which stands for a removed file in layers: remove it",
                .invalid)
        case S_IFCHR, S_IFBLK:
            var node = try file(relative, status.type == S_IFCHR ? .characterDevice : .blockDevice, status)
            node.device = UInt64(status.device)
            return node
        default: return nil
        }
    }

    private static func name(_ path: [UInt8]) -> RawName { path.map { CChar(bitPattern: $0) } + [0] }

    private func file(_ path: [UInt8], _ kind: SelectedFile.Kind, _ status: FileStatus) throws(EngineError)
        -> SelectedFile
    {
        SelectedFile(
            path: Self.name(path), kind: kind, mode: status.permissions, user: isRoots ? 0 : status.user,
            group: isRoots ? 0 : status.group, modification: status.modificationTime, stamp: FileStamp(status))
    }

    private func regular(
        _ name: RawName, in directory: CInt, _ status: FileStatus, _ relative: [UInt8]
    ) throws(SystemError) -> SelectedFile {
        var found = SelectedFile(
            path: Self.name(relative), kind: .regular, mode: status.permissions, user: isRoots ? 0 : status.user,
            group: isRoots ? 0 : status.group, modification: status.modificationTime, stamp: FileStamp(status))
        if let known = sums?.known(found.stamp) {
            found.sum = known.sum
            if known.hasAttributes { try addAttributes(of: name, in: directory, to: &found) }
            return found
        }
        for _ in 0..<8 {
            let begin = FileStamp.now()
            let opened = try Files.open(raw: name, in: directory, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let before = try opened.status()
            guard before.isRegular else { throw SystemError("open", name.printable, Errno(ESTALE)) }
            found.attributes = []
            try addAttributes(of: opened.rawValue, to: &found)
            found.sum = try ContentSum.of(opened)
            let after = try opened.status()
            found.stamp = FileStamp(after)
            // Somebody is writing it: from the beginning.
            guard FileStamp(before) == found.stamp else { continue }
            found.mode = after.permissions
            found.modification = after.modificationTime
            found.isFresh = found.stamp.changed > begin &- Self.settling
            if !found.isFresh {
                sums?.remember(found.stamp, .init(sum: found.sum, hasAttributes: !found.attributes.isEmpty))
            }
            return found
        }
        throw SystemError("read", name.printable, .busy)
    }

    // MARK: attributes

    private static let capability = RawName("security.capability")
    private static let userPrefix = Array("user.".utf8)

    private func isTaken(_ name: RawName) -> Bool {
        name == Self.capability || name.bytes.starts(with: Self.userPrefix) && !OverlayAttributes.reserves(name)
    }

    private func add(_ name: RawName, _ value: [UInt8]?, to file: inout SelectedFile) {
        guard let value else { return }
        if name == KeptOwner.attribute {
            guard readsKeptOwners, let kept = KeptOwner(value) else { return }
            (file.user, file.group) = (kept.user, kept.group)
            if let node = kept.node, file.kind == .regular {
                file.kind = node.type == S_IFCHR ? .characterDevice : .blockDevice
                file.device = UInt64(node.device)
                file.mode = kept.mode
            }
            return
        }
        file.attributes.append(.init(name: name, value: value))
    }

    private func addAttributes(of descriptor: CInt, to file: inout SelectedFile) throws(SystemError) {
        for name in try ExtendedAttributes.list(of: descriptor).sorted(by: Self.comes) where isTaken(name) {
            add(name, try ExtendedAttributes.get(name, of: descriptor), to: &file)
        }
    }

    private func addAttributes(of name: RawName, in directory: CInt, to file: inout SelectedFile) throws(SystemError) {
        for attribute in try ExtendedAttributes.list(of: name, in: directory).sorted(by: Self.comes)
        where isTaken(attribute) {
            add(attribute, try ExtendedAttributes.get(attribute, of: name, in: directory), to: &file)
        }
    }

    // MARK: errors

    // The last one first.
    private func names(_ directory: CInt, _ path: [UInt8]) throws(EngineError) -> [RawName] {
        try failing(path) { () throws(SystemError) in
            try Files.rawNames(of: directory).sorted { Self.comes($1, before: $0) }
        }
    }

    private func text(_ path: [UInt8]) -> String { label + "/" + String(decoding: path, as: UTF8.self) }

    private func failing<T: ~Copyable>(_ path: [UInt8], _ body: () throws(SystemError) -> T) throws(EngineError) -> T {
        do throws(SystemError) { return try body() } catch {
            if error.errno == .busy, error.call == "read" {
                throw EngineError("\(text(path)) is being written all the time: try again when it is whole", .conflict)
            }
            throw EngineError(
                "\(error.call) \(text(path)): \(error.errno)", error.errno == .access ? .forbidden : .system)
        }
    }
}
