import CLinux
import Glibc

/// A directory that paths are resolved in as if it were the root: absolute symbolic links start at it, and ".."
/// stops at it, whatever is renamed or swapped meanwhile.
package struct RootDirectory: ~Copyable, Sendable {
    package let descriptor: FileDescriptor

    package init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// Gives the descriptor's number away: the caller closes it.
    package consuming func release() -> CInt { descriptor.release() }

    /// What `openOrCreate` makes of a name that is missing.
    package enum Kind: Sendable { case file, directory }

    /// Opens `path` below the root; O_NOFOLLOW in `flags` concerns its last component alone.
    package func open(_ path: String, _ flags: CInt = FileDescriptor.pathOnly) throws(SystemError) -> FileDescriptor {
        // The kernel gives EAGAIN when a rename anywhere made the check of ".." impossible.
        for _ in 0..<128 {
            let number = path.withCString {
                apus_openat2(descriptor.rawValue, $0, UInt64(flags | O_CLOEXEC), 0, Self.resolveInRoot)
            }
            if number >= 0 { return FileDescriptor(owning: number) }
            let errno = Errno.current
            switch errno {
            case .again, .interrupted: continue
            // Before Linux 5.6, and below seccomp filters that do not know the call.
            case .notImplemented, .notPermitted: return try walk(path, flags)
            default: throw SystemError("open", path, errno)
            }
        }
        return try walk(path, flags)
    }

    // RESOLVE_IN_ROOT; it implies that magic links are refused.
    private static let resolveInRoot: UInt64 = 0x10

    /// Opens `path`, on the way to which there may be no symbolic link, no mount point and no "..".
    package func openBeneath(_ path: String, _ flags: CInt) throws(SystemError) -> FileDescriptor {
        // The kernel refuses only a ".." that leads out.
        if Self.hasWayUp(path) { throw SystemError("open", path, .crossDevice) }
        // RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV
        let number = path.withCString { apus_openat2(descriptor.rawValue, $0, UInt64(flags | O_CLOEXEC), 0, 0x0f) }
        if number >= 0 { return FileDescriptor(owning: number) }
        let errno = Errno.current
        guard errno == .notImplemented || errno == .notPermitted else { throw SystemError("open", path, errno) }
        return try walkBeneath(path, flags)
    }

    /// The resolution of `openBeneath` by hand. A mount of the root's own file system over one of its files is not told
    /// from that file.
    func walkBeneath(_ path: String, _ flags: CInt) throws(SystemError) -> FileDescriptor {
        let device = try descriptor.status().raw.st_dev
        var place: CInt = -1
        defer { if place >= 0 { close(place) } }
        for name in Self.components(path).reversed() {
            if name == ".." { throw SystemError("open", path, .crossDevice) }
            let next = try FileDescriptor.open(
                name, in: place < 0 ? descriptor.rawValue : place, FileDescriptor.pathOnly | O_NOFOLLOW)
            let status = try next.status()
            if status.isSymbolicLink { throw SystemError("open", path, .loop) }
            if status.raw.st_dev != device { throw SystemError("open", path, .crossDevice) }
            if place >= 0 { close(place) }
            place = next.release()
        }
        return try reopen(place < 0 ? descriptor.rawValue : place, path, flags)
    }

    /// Opens `path` with O_PATH; what is missing of it is made, its parents as directories of mode 0755.
    /// A dangling symbolic link is followed, and what it points to made inside the root.
    package func openOrCreate(_ path: String, _ kind: Kind, mode: FileMode? = nil) throws(SystemError) -> FileDescriptor
    {
        var isNew = false
        return try openOrCreate(path, kind, mode: mode, isNew: &isNew)
    }

    /// The same; `isNew` says whether what it returns has been made.
    package func openOrCreate(
        _ path: String, _ kind: Kind, mode: FileMode? = nil, isNew: inout Bool
    ) throws(SystemError) -> FileDescriptor {
        isNew = false
        var path = path
        for _ in 0..<40 {
            do throws(SystemError) {
                return try open(path)
            } catch {
                if error.errno != .noEntry { throw error }
            }
            guard let (parent, name) = Self.split(path) else { throw SystemError("open", path, .noEntry) }
            let folder = try openOrCreate(parent, .directory)
            let made =
                switch kind {
                case .directory: name.withCString { mkdirat(folder.rawValue, $0, mode ?? 0o755) }
                case .file: name.withCString { mknodat(folder.rawValue, $0, S_IFREG | (mode ?? 0o644), 0) }
                }
            if made == 0 {
                isNew = true
                return try FileDescriptor.open(name, in: folder.rawValue, FileDescriptor.pathOnly | O_NOFOLLOW)
            }
            let errno = Errno.current
            guard errno == .exists else {
                throw SystemError(kind == .directory ? "mkdir" : "mknod", path, errno)
            }
            // Somebody was faster, or it is a link to nothing: the kernel's RESOLVE_IN_ROOT resolves the joined
            // text anew, so that a link swapped meanwhile changes the place, but never leaves the root.
            if let target = try? Files.readLink(name, in: folder.rawValue) {
                path = target.utf8.first == UInt8(ascii: "/") ? target : parent + "/" + target
            }
        }
        throw SystemError("open", path, .loop)
    }

    /// The resolution of `open` by hand, one component at a time, each opened without following links.
    func walk(_ path: String, _ flags: CInt) throws(SystemError) -> FileDescriptor {
        var above = DirectoryTrail(root: descriptor.rawValue, limit: 32, flags: FileDescriptor.pathOnly)
        var pending = Self.components(path)
        var links = 0
        while let name = pending.popLast() {
            if name == ".." {
                if above.depth > 0 { try above.leave() }
                continue
            }
            let next = try FileDescriptor.open(name, in: above.current, FileDescriptor.pathOnly | O_NOFOLLOW)
            if try next.status().isSymbolicLink, !pending.isEmpty || flags & O_NOFOLLOW == 0 {
                links += 1
                if links > 40 { throw SystemError("open", path, .loop) }
                // Of the very link that was opened, not of whatever has its name by now.
                let target = try Files.readLink("", in: next.rawValue)
                if target.utf8.first == UInt8(ascii: "/") {
                    above = DirectoryTrail(root: descriptor.rawValue, limit: 32, flags: FileDescriptor.pathOnly)
                }
                pending += Self.components(target)
            } else {
                try above.enter(RawName(name), next)
            }
        }
        return try reopen(above.current, path, flags)
    }

    private func reopen(_ result: CInt, _ path: String, _ flags: CInt) throws(SystemError) -> FileDescriptor {
        if flags & FileDescriptor.pathOnly == 0 {
            // O_NOFOLLOW would refuse the magic link itself.
            return try FileDescriptor.open("/proc/self/fd/\(result)", flags & ~O_NOFOLLOW)
        }
        let opened = FileDescriptor(owning: try check("fcntl", path) { apus_fcntl_set(result, F_DUPFD_CLOEXEC, 3) })
        if flags & O_DIRECTORY != 0, try !opened.status().isDirectory { throw SystemError("open", path, .notDirectory) }
        return opened
    }

    // By bytes: a "/" that a combining character follows is no Character "/", but it is a separator.
    /// The directory part and the last component of a path, by which `openOrCreate` makes it; nil for the root itself.
    package static func split(_ path: String) -> (parent: String, name: String)? {
        let bytes = path.utf8
        guard let end = bytes.lastIndex(where: { $0 != UInt8(ascii: "/") }) else { return nil }
        let trimmed = bytes[...end]
        guard let slash = trimmed.lastIndex(of: UInt8(ascii: "/")) else { return ("/", String(trimmed)!) }
        let name = String(trimmed[trimmed.index(after: slash)...])!
        return (slash == bytes.startIndex ? "/" : String(trimmed[..<slash])!, name)
    }

    /// Whether ".." is one of the path's components.
    static func hasWayUp(_ path: String) -> Bool {
        var dots = 0
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "/"):
                if dots == 2 { return true }
                dots = 0
            // Three of them, and those of a longer name, are not counted to two any more.
            case UInt8(ascii: "."): dots += 1
            default: dots = 3
            }
        }
        return dots == 2
    }

    // The last one first, so that they can be popped.
    private static func components(_ path: String) -> [String] {
        var list: [String] = []
        for part in path.utf8.split(separator: UInt8(ascii: "/")).reversed() {
            let name = String(part)!
            if name != "." { list.append(name) }
        }
        return list
    }
}
