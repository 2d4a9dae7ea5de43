package import Archive
package import Errors
import Glibc
package import Linux

/// Makes files of entries below one directory, and nowhere else: whatever the entries are called, each step down is by a
/// descriptor and follows no link.
package struct TreeSink: ~Copyable {
    /// To whom what is made belongs.
    package enum Owners: Sendable {
        /// Who makes it.
        case creator
        /// One user and group.
        case fixed(user: UInt32, group: UInt32)
        /// Those that the entries name, as far as the caller may give files to them and they are ids of its namespace.
        case entries
        /// Those that the entries name; one that cannot be given is an error, unless it is kept beside the file.
        case exact
    }

    /// What becomes of something that is in the way of an entry. Directories are merged always, and files replace files.
    package enum Obstacles: Sendable {
        /// A directory in the way of a file, and a file in the way of a directory, are errors in Docker's words of `cp`.
        case refused
        /// They are errors in BuildKit's words of COPY.
        case refusedByCopy
        /// They go, with all that is in them.
        case replaced
    }

    /// The directory once more, where links on the way to an entry are followed as if it were the root of all.
    package final class Scope {
        let root: RootDirectory

        /// A scope that ends at `root`.
        package init(root: consuming RootDirectory) { self.root = root }
    }

    let owners: Owners
    /// Whether owners that cannot be given are kept beside the files (`KeptOwner`).
    let keepsOwners: Bool
    /// What the directory is called in errors.
    let label: [UInt8]
    private let scope: Scope?
    private let tellsWholePaths: Bool
    private let obstacles: Obstacles
    private let directory: CInt
    private var trail: DirectoryTrail
    private var place: [RawName] = []
    // Where the last parent was reached by a link; the trail is at its beginning then.
    private var detour: FileDescriptor?
    private var detourPlace: [RawName] = []
    private var pending: [PendingDirectory] = []
    var copier = FileCopier()
    /// Who makes what is made.
    let creator = (user: geteuid(), group: getegid())

    /// What a directory gets when nothing is written into it any more.
    private struct PendingDirectory {
        let path: [RawName]
        let mode: FileMode
        let time: FileTime
    }

    /// Writes below the open directory `directory`, which is borrowed. `tellsWholePaths`: so do errors about what is there
    /// already, as Docker's about the caller's files. `keepsOwners`: owners that cannot be given are kept beside the files
    /// (`KeptOwner`). Links on the way to an entry are followed inside of `scope`; without one they are errors.
    package init(
        directory: CInt, label: [UInt8], _ owners: Owners, tellsWholePaths: Bool, keepsOwners: Bool = false,
        scope: Scope? = nil, obstacles: Obstacles = .refused
    ) {
        self.obstacles = obstacles
        self.keepsOwners = keepsOwners
        self.tellsWholePaths = tellsWholePaths
        self.directory = directory
        self.label = label
        self.owners = owners
        self.scope = scope
        trail = DirectoryTrail(root: directory)
    }

    /// The open directory where the last entry went, borrowed until the next.
    package var current: CInt { detour.number ?? trail.current }

    /// Makes what `entry` describes; its content is `content`, or that of `file`, or the next of `archive`. What is there under its name is
    /// replaced; directories are merged. Throws `EngineError`; nothing of this entry is left then.
    package mutating func add(
        _ entry: TarEntry, _ content: [UInt8]?, _ file: borrowing FileDescriptor?, from archive: TarReader? = nil
    ) throws(EngineError) {
        var path = try components(entry.name)
        guard let name = path.popLast() else {
            guard entry.kind == .directory else { throw EngineError("an entry has no name", .invalid) }
            return
        }
        try go(to: path, creating: true)
        if entry.kind != .regular { try clear(name, for: entry) }
        switch entry.kind {
        case .directory: try makeDirectory(name, path + [name], entry)
        case .regular:
            try makeFile(name, entry) { (sink, made) throws(EngineError) in
                if let content { return try sink.write(content, to: made, name) }
                if let archive { return try sink.write(archive, to: made, name, entry.size) }
                switch file {
                case .none: return
                case .some(let file): try sink.write(file, to: made, name, entry.size)
                }
            }
        case .hardLink(let target): try makeLink(name, entry, to: target)
        case .symbolicLink, .fifo, .characterDevice, .blockDevice: try makeNode(name, entry)
        case .other: return
        }
    }

    /// Gives directories their modes and times. Throws `EngineError`.
    package mutating func finish() throws(EngineError) {
        for directory in pending.reversed() {
            do throws(EngineError) { try go(to: directory.path, creating: false) } catch {
                // Somebody has moved it.
                if error.kind == .notFound || error.kind == .conflict { continue }
                throw error
            }
            let number = current
            try doing(directory.path.last ?? [0]) { () throws(SystemError) in
                try Files.setMode(of: number, directory.mode)
                try Files.setTimes(of: number, access: directory.time, modification: directory.time)
            }
        }
        pending = []
    }

    // MARK: the way

    private func components(_ name: RawName) throws(EngineError) -> [RawName] {
        var list: [RawName] = []
        for part in name.dropLast().split(separator: 47) where Array(part) != [46] {
            guard Array(part) == [46, 46] else {
                list.append(Array(part) + [0])
                continue
            }
            guard list.popLast() != nil else {
                throw EngineError("\"\(name.printable)\" is outside of \"\(CopyPath.text(label))\"", .invalid)
            }
        }
        return list
    }

    private mutating func go(to path: [RawName], creating: Bool) throws(EngineError) {
        if detour.number != nil {
            if path == detourPlace { return }
            detour = nil
        }
        var common = 0
        while common < place.count, common < path.count, place[common] == path[common] { common += 1 }
        while place.count > common {
            let left = place.removeLast()
            do throws(SystemError) { try trail.leave() } catch {
                trail = DirectoryTrail(root: directory)
                place = []
                throw EngineError("\(left.printable) was moved while it was copied: try again", .conflict)
            }
        }
        for step in common..<path.count {
            do throws(SystemError) { try enter(path[step], creating: creating) } catch {
                if error.errno == .notDirectory || error.errno == .loop, try follow(path, creating) { return }
                throw failure(error, path[step], error.errno == .noEntry ? .notFound : .conflict)
            }
            place.append(path[step])
        }
    }

    private mutating func enter(_ name: RawName, creating: Bool) throws(SystemError) {
        do throws(SystemError) { return try trail.enter(name) } catch {
            guard creating, error.errno == .noEntry else { throw error }
        }
        try Files.makeDirectory(name, in: trail.current, mode: 0o755)
        try trail.enter(name)
        if case .fixed(let user, let group) = owners {
            try Files.setOwner(raw: [0], in: trail.current, user: user, group: group)
        }
    }

    /// Opens the directory `path` by links that end inside of the scope; false without a scope, or where that is not one.
    private mutating func follow(_ path: [RawName], _ creating: Bool) throws(EngineError) -> Bool {
        guard let scope else { return false }
        var text: [UInt8] = []
        for name in path { text += [47] + name.bytes }
        do throws(SystemError) {
            if creating { _ = try scope.root.openOrCreate(CopyPath.text(text), .directory) }
            detour = try scope.root.open(CopyPath.text(text), O_RDONLY | O_DIRECTORY)
        } catch { return false }
        detourPlace = path
        return true
    }

    /// The open directory `path` below the one of this sink, for a moment.
    func directory(_ path: [RawName]) throws(SystemError) -> FileDescriptor {
        var way = DirectoryTrail(root: directory, flags: FileDescriptor.pathOnly)
        for name in path { try way.enter(name) }
        return try Files.open(raw: [46, 0], in: way.current, FileDescriptor.pathOnly | O_DIRECTORY)
    }

    // MARK: what is made

    func clear(_ name: RawName, for entry: TarEntry) throws(EngineError) {
        let number = current
        let there = try doing(name) { () throws(SystemError) in try Files.status(raw: name, in: number) }
        guard let there else { return }
        let isDirectory = entry.kind == .directory
        if there.isDirectory, isDirectory { return }
        if obstacles == .replaced, there.isDirectory {
            return try doing(name) { () throws(SystemError) in try Files.removeTree(name, in: number) }
        }
        if obstacles == .refusedByCopy, there.isDirectory != isDirectory {
            let place = CopyPath.text(path(to: name))
            throw EngineError(
                isDirectory
                    ? "cannot copy to non-directory: \(place)" : "cannot replace to directory \(place) with file",
                .invalid)
        }
        if there.isDirectory {
            throw EngineError(
                "cannot overwrite directory \"\(relative(entry))\" with non-directory \"\(CopyPath.text(label))\"",
                .invalid)
        }
        if isDirectory, obstacles != .replaced {
            throw EngineError(
                "cannot overwrite non-directory \"\(relative(entry))\" with directory \"\(CopyPath.text(label))\"",
                .invalid)
        }
        try doing(name) { () throws(SystemError) in try Files.unlink(name, in: number) }
    }

    private func relative(_ entry: TarEntry) -> String {
        let name = CopyPath.clean(entry.name.bytes)
        return CopyPath.text(tellsWholePaths ? CopyPath.join(label, name) : name)
    }

    private mutating func makeDirectory(
        _ name: RawName, _ path: [RawName], _ entry: TarEntry
    ) throws(EngineError) {
        let number = current
        let isNew = try doing(name) { () throws(SystemError) in
            do throws(SystemError) {
                try Files.makeDirectory(name, in: number, mode: 0o700)
                return true
            } catch {
                if error.errno == .exists { return false }
                throw error
            }
        }
        // A directory that was there keeps its owner, unless it is said who has it.
        let keepsOwner = if case .fixed = owners { !isNew } else { false }
        if !keepsOwner || !entry.attributes.isEmpty {
            try doing(name) { () throws(SystemError) in
                let opened = try Files.open(raw: name, in: number, O_RDONLY | O_DIRECTORY)
                if !keepsOwner { try setOwner(of: opened.rawValue, entry) }
                try setAttributes(of: opened.rawValue, entry)
            }
        }
        pending.append(PendingDirectory(path: path, mode: entry.mode, time: entry.modification))
    }

    // MARK: errors

    func doing<T: ~Copyable>(
        _ name: RawName, _ body: () throws(SystemError) -> T
    ) throws(EngineError) -> T {
        do throws(SystemError) { return try body() } catch { throw failure(error, name) }
    }

    func failure(_ error: SystemError, _ name: RawName, _ kind: ErrorKind = .system) -> EngineError {
        EngineError("\(error.call) \(CopyPath.text(path(to: name))): \(error.errno)", kind)
    }

    // Where an entry of this name goes now, as errors have it.
    private func path(to name: RawName) -> [UInt8] {
        var path = label
        for step in detour.number == nil ? place : detourPlace { path += (path.last == 47 ? [] : [47]) + step.bytes }
        return path + (path.last == 47 ? [] : [47]) + name.bytes
    }
}
