import Errors
import Glibc
import Linux
import Trees

/// Finds and makes the places of a root file system that COPY writes to: links in a destination lead where they do for whoever has that root, and
/// never out of it.
struct CopyDestination: ~Copyable {
    let root: RootDirectory
    /// Who gets the directories that are made.
    let owner: CopyOwner?
    /// Their permissions.
    let mode: FileMode
    /// Whether owners that cannot be given are kept beside the directories.
    let keepsOwners: Bool

    private static func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }

    /// What `path` leads to; nil where there is nothing. Throws `EngineError`.
    borrowing func status(_ path: [UInt8]) throws(EngineError) -> FileStatus? {
        do throws(SystemError) { return try root.open(Self.text(path)).status() } catch {
            switch error.errno {
            case .noEntry: return nil
            case .notDirectory: throw EngineError("mkdir \(Self.text(path)): not a directory", .invalid)
            default: throw EngineError("\(error.call) \(Self.text(path)): \(error.errno)")
            }
        }
    }

    /// Opens the directory `path`; what is missing of it is made, with `mode` in the place of the usual permissions where that is given.
    /// Throws `EngineError`.
    borrowing func makeDirectory(_ path: [UInt8], mode: FileMode? = nil) throws(EngineError) -> FileDescriptor {
        var prefix: [UInt8] = []
        for part in path.split(separator: UInt8(ascii: "/")) {
            prefix += [UInt8(ascii: "/")] + part
            do throws(SystemError) { try make(prefix, mode ?? self.mode) } catch {
                // As the kernel says it of the first that is none.
                let isFile = error.errno == .notDirectory || error.errno == .exists
                throw EngineError(
                    "mkdir \(Self.text(prefix)): \(isFile ? Errno.notDirectory : error.errno)",
                    isFile ? .invalid : .system)
            }
        }
        do throws(SystemError) {
            return try root.open(Self.text(path.isEmpty ? [47] : path), O_RDONLY | O_DIRECTORY)
        } catch {
            throw EngineError("open \(Self.text(path)): \(error.errno)")
        }
    }

    private borrowing func make(_ path: [UInt8], _ mode: FileMode) throws(SystemError) {
        let text = Self.text(path)
        do throws(SystemError) {
            guard try root.open(text).status().isDirectory else { throw SystemError("mkdir", text, .notDirectory) }
            return
        } catch { guard error.errno == .noEntry else { throw error } }
        let made = try root.openOrCreate(text, .directory, mode: 0o700)
        let opened = try FileDescriptor.open(".", in: made.rawValue, O_RDONLY | O_DIRECTORY)
        if let owner {
            do throws(SystemError) {
                try Files.setOwner(raw: [0], in: opened.rawValue, user: owner.user, group: owner.group)
            } catch {
                guard keepsOwners, error.errno == .notPermitted || error.errno == .invalid else { throw error }
                try KeptOwner(user: owner.user, group: owner.group, mode: mode).keep(opened.rawValue)
            }
        }
        try Files.setMode(of: opened.rawValue, mode)
    }

    /// The directory and the name in it that something is written to as `path`: a link there is followed, as far as that is one. Throws
    /// `EngineError`.
    borrowing func place(_ path: [UInt8]) throws(EngineError) -> (directory: [UInt8], name: RawName) {
        var path = CopyPath.clean(path)
        for _ in 0..<40 {
            let (above, name) = (Self.parent(path), CopyPath.base(path))
            let directory = above.isEmpty ? [UInt8(ascii: "/")] : above
            do throws(SystemError) {
                let parent = try root.open(Self.text(directory), FileDescriptor.pathOnly | O_DIRECTORY)
                let raw = name.map { CChar(bitPattern: $0) } + [0]
                guard let status = try Files.status(raw: raw, in: parent.rawValue), status.isSymbolicLink else {
                    return (directory, raw)
                }
                let target = try Files.readLink(raw: raw, in: parent.rawValue).bytes
                // Not cleaned yet: ".." behind a link is above where that leads, which the root's own resolution knows.
                path = target.first == UInt8(ascii: "/") ? target : directory + [UInt8(ascii: "/")] + target
                while path.count > 1, path.last == UInt8(ascii: "/") { path.removeLast() }
            } catch {
                if error.errno == .noEntry { return (directory, name.map { CChar(bitPattern: $0) } + [0]) }
                throw EngineError("\(error.call) \(Self.text(path)): \(error.errno)")
            }
            endLifetime(try makeDirectory(Self.parent(path)))
        }
        throw EngineError("open \(Self.text(path)): \(Errno.loop)", .invalid)
    }

    private static func parent(_ path: [UInt8]) -> [UInt8] {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return [] }
        return Array(path[..<slash])
    }
}
