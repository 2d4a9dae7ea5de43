import Archive
import Errors
import Glibc
import Linux
import Trees

/// Reads a tree for a copy: entry by entry, each directory before what is in it, in the order of the names. Every step down is
/// by a descriptor and follows no link, so that whoever changes the tree meanwhile does not lead it elsewhere.
struct TreeSource: ~Copyable {
    /// Takes an entry, and the open file with its content; -1 for none. The file is closed afterwards.
    typealias Consumer = (TarEntry, CInt) throws(EngineError) -> Void

    /// Whether the content of an open directory on another file system than the one it is in is left out; its path is absolute.
    typealias Hiding = (CInt, [UInt8]) throws(SystemError) -> Bool

    // Of a tree that somebody may write who is not trusted: there nothing is opened that is not known to be a file.
    private let hides: Hiding?
    /// What the topmost entry is called in errors.
    private let label: [UInt8]
    private let name: [UInt8]
    private let deliver: Consumer
    /// Whether files have the owners that are kept beside them (`KeptOwner`), an attribute that is not shown then.
    private let readsKeptOwners: Bool
    // The entries of files that have several names.
    private var links: [FileIdentity: RawName] = [:]

    /// `name` is what the topmost entry is called: "." for a directory of which the content is meant. `label` is its path.
    /// `hiding` is given for a container's tree.
    init(
        name: [UInt8], label: [UInt8], readsKeptOwners: Bool = false, _ deliver: @escaping Consumer,
        hiding: Hiding? = nil
    ) {
        self.name = name
        self.readsKeptOwners = readsKeptOwners
        self.label = label
        hides = hiding
        self.deliver = deliver
    }

    /// Reads the open directory `root` and all below it. Throws `EngineError`, and what the consumer throws.
    mutating func read(directory root: CInt) throws(EngineError) {
        var trail = DirectoryTrail(root: root)
        var path = name
        var device = try emitDirectory(root, path)
        let isEmpty = try isHidden(root, path)
        var levels = [(names: isEmpty ? [] : try names(of: root, path), length: path.count, device: device)]
        while let last = levels.indices.last {
            path.removeSubrange(levels[last].length...)
            guard let child = levels[last].names.popLast() else {
                levels.removeLast()
                if levels.isEmpty { return }
                do throws(SystemError) { try trail.leave() } catch {
                    throw EngineError("\(text(path)) was moved while it was copied: try again", .conflict)
                }
                continue
            }
            let childPath = path + [UInt8(ascii: "/")] + child.bytes
            guard let status = try status(child, in: trail.current, childPath) else { continue }
            guard status.isDirectory else {
                try read(child, in: trail.current, childPath, status)
                continue
            }
            guard let opened = try open(child, in: trail.current, O_RDONLY | O_DIRECTORY, childPath) else { continue }
            let number = opened.rawValue
            do throws(SystemError) { try trail.enter(child, opened) } catch { throw failure(error, childPath) }
            device = try emitDirectory(number, childPath)
            path = childPath
            if device != levels[levels.count - 1].device, try isHidden(number, path) {
                levels.append(([], path.count, device))
            } else {
                levels.append((try names(of: number, path), path.count, device))
            }
        }
    }

    /// Reads `file`, which is no directory. Throws as `read(directory:)`, and where there is no such file any more.
    mutating func read(file: RawName, in directory: CInt) throws(EngineError) {
        guard let status = try status(file, in: directory, name) else {
            throw EngineError("lstat \(text(name)): \(Errno.noEntry)", .notFound)
        }
        if status.isDirectory {
            throw EngineError("\(text(name)) became a directory while it was copied: try again", .conflict)
        }
        try read(file, in: directory, name, status)
    }

    private mutating func read(
        _ file: RawName, in directory: CInt, _ path: [UInt8], _ status: FileStatus
    ) throws(EngineError) {
        var entry = Self.entry(path, .other, status)
        switch status.type {
        case S_IFREG: return try readRegular(file, in: directory, path)
        case S_IFLNK:
            do throws(SystemError) {
                entry.kind = .symbolicLink(target: try Files.readLink(raw: file, in: directory))
            } catch {
                if error.errno == .noEntry || error.errno == .invalid { return }
                throw failure(error, path)
            }
        case S_IFIFO: entry.kind = .fifo
        case S_IFCHR: entry.kind = .characterDevice(status.device)
        case S_IFBLK: entry.kind = .blockDevice(status.device)
        // A socket is nothing without the process that listens.
        default: return
        }
        try deliver(entry, -1)
    }

    private mutating func readRegular(_ name: RawName, in directory: CInt, _ path: [UInt8]) throws(EngineError) {
        guard let file = try openRegular(name, in: directory, path) else { return }
        let status: FileStatus
        var entry: TarEntry
        do throws(SystemError) {
            status = try file.status()
            guard status.isRegular else { return }
            entry = Self.entry(path, .regular, status)
            if status.linkCount > 1 {
                if let first = links[status.identity] {
                    entry.kind = .hardLink(target: first)
                } else {
                    links[status.identity] = entry.name
                }
            }
            if entry.kind == .regular {
                entry.size = status.size
                entry.attributes = try attributes(of: file.rawValue, &entry)
                if entry.kind != .regular { entry.size = 0 }
            } else if readsKeptOwners {
                _ = try attributes(of: file.rawValue, &entry)
            }
        } catch { throw failure(error, path) }
        try deliver(entry, entry.size > 0 ? file.rawValue : -1)
    }

    // nil where it is not there any more, or something else.
    private func openRegular(
        _ name: RawName, in directory: CInt, _ path: [UInt8]
    ) throws(EngineError) -> FileDescriptor? {
        guard hides != nil else { return try open(name, in: directory, O_RDONLY | O_NONBLOCK | O_NOCTTY, path) }
        // A device does something when it is opened.
        guard let handle = try open(name, in: directory, FileDescriptor.pathOnly, path) else { return nil }
        do throws(SystemError) {
            guard try handle.status().isRegular else { return nil }
            return try FileDescriptor.open("/proc/self/fd/\(handle.rawValue)", O_RDONLY)
        } catch { throw failure(error, path) }
    }

    private func open(
        _ name: RawName, in directory: CInt, _ flags: CInt, _ path: [UInt8]
    ) throws(EngineError) -> FileDescriptor? {
        do throws(SystemError) { return try Files.open(raw: name, in: directory, flags) } catch {
            switch error.errno {
            case .noEntry, .notDirectory, .loop, Errno(ENXIO): return nil
            default: throw failure(error, path)
            }
        }
    }

    // Returns the file system that it is on.
    private func emitDirectory(_ directory: CInt, _ path: [UInt8]) throws(EngineError) -> UInt {
        var entry: TarEntry
        let status: FileStatus
        do throws(SystemError) {
            status = try Files.status(of: directory)
            entry = Self.entry(path, .directory, status)
            entry.attributes = try attributes(of: directory, &entry)
        } catch { throw failure(error, path) }
        try deliver(entry, -1)
        return status.raw.st_dev
    }

    private func isHidden(_ directory: CInt, _ path: [UInt8]) throws(EngineError) -> Bool {
        guard let hides else { return false }
        do throws(SystemError) { return try hides(directory, absolute(path)) } catch { throw failure(error, path) }
    }

    // The last one first.
    private func names(of directory: CInt, _ path: [UInt8]) throws(EngineError) -> [RawName] {
        do throws(SystemError) {
            return try Files.rawNames(of: directory).sorted { right, left in
                left.withUnsafeBytes { left in right.withUnsafeBytes { left.lexicographicallyPrecedes($0) } }
            }
        } catch {
            // Removed, with all that was in it.
            if error.errno == .noEntry { return [] }
            throw failure(error, path)
        }
    }

    private func status(_ name: RawName, in directory: CInt, _ path: [UInt8]) throws(EngineError) -> FileStatus? {
        do throws(SystemError) { return try Files.status(raw: name, in: directory) } catch {
            throw failure(error, path)
        }
    }

    private static func entry(_ path: [UInt8], _ kind: TarEntry.Kind, _ status: FileStatus) -> TarEntry {
        TarEntry(
            name: path.map(CChar.init(bitPattern:)) + [0], kind, mode: status.permissions, user: status.user,
            group: status.group, modification: status.modificationTime)
    }

    private static let capability = RawName("security.capability")
    private static let userPrefix = Array("user.".utf8)

    /// What a copy keeps of a file's extended attributes: the user's, and the capabilities of a program. What one says of
    /// the owner `entry` gets.
    private func attributes(
        of file: CInt, _ entry: inout TarEntry
    ) throws(SystemError) -> [(name: RawName, value: [UInt8])] {
        var list: [(name: RawName, value: [UInt8])] = []
        for name in try ExtendedAttributes.list(of: file) {
            let isUsers = name.bytes.starts(with: Self.userPrefix) && !OverlayAttributes.reserves(name)
            guard name == Self.capability || isUsers, let value = try ExtendedAttributes.get(name, of: file)
            else { continue }
            if readsKeptOwners, name == KeptOwner.attribute {
                if let kept = KeptOwner(value) { entry.apply(kept) }
                continue
            }
            list.append((name, value))
        }
        return list
    }

    private func absolute(_ path: [UInt8]) -> [UInt8] { CopyPath.clean(label + path.dropFirst(name.count)) }

    private func text(_ path: [UInt8]) -> String { CopyPath.text(absolute(path)) }

    private func failure(_ error: SystemError, _ path: [UInt8]) -> EngineError {
        EngineError("\(error.call) \(text(path)): \(error.errno)", error.errno == .access ? .forbidden : .system)
    }
}
