import Bytes
import Glibc
import Linux

extension Unpacking {
    private static let itself: RawName = [0]
    static let defaultACL = RawName("system.posix_acl_default")

    /// Gives an open regular file or directory what its entry says. A directory's mode, owner and times wait
    /// for the end.
    func describe(_ descriptor: CInt, _ path: EntryPath, _ entry: TarEntry) throws(ArchiveError) {
        if entry.kind == .directory {
            let status = try failing(path.whole) { () throws(SystemError) in try Files.status(of: descriptor) }
            record(status, path, entry)
            try setAttributes(entry, path) { name, value throws(SystemError) in
                try ExtendedAttributes.set(name, of: descriptor, to: value)
            }
            return
        }
        try setOwner(Self.itself, in: descriptor, path.whole, user: entry.user, group: entry.group, mode: entry.mode)
        // After the owner: chown(2) takes the set-user-ID bit and the capabilities away, and write(2) the former.
        if !givesModes || entry.mode & 0o6000 != 0 {
            try failing(path.whole) { () throws(SystemError) in try Files.setMode(of: descriptor, entry.mode) }
        }
        try setAttributes(entry, path) { name, value throws(SystemError) in
            try ExtendedAttributes.set(name, of: descriptor, to: value)
        }
        let times = times(of: entry)
        try failing(path.whole) { () throws(SystemError) in
            try Files.setTimes(of: descriptor, access: times.access, modification: times.modification)
        }
    }

    /// Remembers what the directory with `status` shall be.
    func record(_ status: FileStatus, _ path: EntryPath, _ entry: TarEntry) {
        directories[status.identity.inode] = DirectoryRecord(
            path: path.whole, user: entry.user, group: entry.group, mode: entry.mode, times: times(of: entry))
    }

    /// Gives what cannot be opened, a symbolic link or special file that was just made, what its entry says.
    func describe(
        _ path: EntryPath, _ entry: TarEntry, in parent: LayerTree.Directory, hasMode: Bool
    ) throws(ArchiveError) {
        try setOwner(path.name, in: parent.number, path.whole, user: entry.user, group: entry.group, mode: entry.mode)
        if hasMode {
            try failing(path.whole) { () throws(SystemError) in
                try Files.setMode(raw: path.name, in: parent.number, entry.mode)
            }
        }
        try setAttributes(entry, path) { name, value throws(SystemError) in
            try ExtendedAttributes.set(name, of: path.name, in: parent.number, to: value)
        }
        let times = times(of: entry)
        try failing(path.whole) { () throws(SystemError) in
            try Files.setTimes(
                raw: path.name, in: parent.number, access: times.access, modification: times.modification)
        }
    }

    /// Remembers a directory that no entry describes: root's, 0755, as Docker makes it, until the layers below say
    /// otherwise. (overlayfs shows the owner and mode of the upper of two directories.)
    func recordImplicit(_ directory: CInt, _ path: RawName) throws(ArchiveError) {
        let inode = try failing(path) { () throws(SystemError) in try Files.status(of: directory).identity.inode }
        directories[inode] = DirectoryRecord(path: path, user: 0, group: 0, mode: 0o755, times: nil, isImplicit: true)
    }

    /// Gives all directories their owner, mode and times, the deepest first: a parent may get a mode that
    /// forbids the way. Returns the paths of those that no entry describes.
    func finishDirectories() throws(ArchiveError) -> [RawName] {
        var implicit: [RawName] = []
        func depth(_ path: RawName) -> Int { path.count { $0 == 47 } + (path.count == 1 ? 0 : 1) }
        let records = directories.map { (inode: $0.key, depth: depth($0.value.path), record: $0.value) }
            .sorted { ($0.depth, $0.inode) > ($1.depth, $1.inode) }
        for (inode, _, record) in records {
            guard let directory = try remaining(record.path) else { continue }
            let status = try failing(record.path) { () throws(SystemError) in
                try Files.status(of: directory.number)
            }
            // It went away, and another took its place.
            guard status.identity.inode == inode else { continue }
            if record.isImplicit { implicit.append(record.path) }
            try setOwner(
                Self.itself, in: directory.number, record.path, user: record.user, group: record.group,
                mode: record.mode)
            try failing(record.path) { () throws(SystemError) in
                try Files.setMode(of: directory.number, record.mode)
                if let times = record.times {
                    try Files.setTimes(
                        of: directory.number, access: times.access, modification: times.modification)
                }
            }
        }
        return implicit
    }

    /// The placeholders that no later entry has taken all names of.
    func remainingPlaceholders() throws(ArchiveError) -> [LooseEnds.Link] {
        var links: [LooseEnds.Link] = []
        for (inode, link) in placeholders {
            var names: [RawName] = []
            var count = 0
            for whole in link.names {
                let path = try EntryPath(whole)
                guard let directory = try remaining(path.parent) else { continue }
                let status = try failing(whole) { () throws(SystemError) in
                    try Files.status(raw: path.name, in: directory.number)
                }
                guard let status, Self.isPlaceholder(status, inode) else { continue }
                names.append(whole)
                count = Int(status.raw.st_nlink)
            }
            // One was moved away from under its name, by a link in its path that became another.
            guard names.count == count else {
                throw .linkTargetMissing(link.names.last!.printable, target: link.target.printable)
            }
            // One without names is still to be looked for: a layer must not name what is not there.
            links.append(LooseEnds.Link(target: link.target, names: names))
        }
        return links.sorted { $0.target.lexicographicallyPrecedes($1.target) }
    }

    /// The directory at `path`; nil where a later entry has put something else in its way.
    private func remaining(_ path: RawName) throws(ArchiveError) -> LayerTree.Directory? {
        do throws(ArchiveError) {
            return try tree.directory(path, create: nil)
        } catch {
            switch error {
            case .notDirectory: return nil
            case .failed(_, let cause) where cause.errno == .loop: return nil
            default: throw error
            }
        }
    }

    /// As podman does: an access before the modification is no news.
    private func times(of entry: TarEntry) -> (access: FileTime, modification: FileTime) {
        (max(entry.access ?? entry.modification, entry.modification), entry.modification)
    }

    private func setOwner(
        _ name: RawName, in directory: CInt, _ path: RawName, user: UInt32, group: UInt32, mode: FileMode
    ) throws(ArchiveError) {
        guard unpacker.ownership == .archived else {
            // What cannot be opened can have no attribute either.
            guard name == Self.itself, (user, group) != (0, 0) else { return }
            return try failing(path) { () throws(SystemError) in
                let kept = KeptOwner(user: user, group: group, mode: mode)
                do throws(SystemError) { try kept.keep(directory) } catch {
                    // Who is root of no namespace may not, of a file that has its final mode already.
                    guard error.errno == .access else { throw error }
                    try Files.setMode(of: directory, mode | 0o200)
                    try kept.keep(directory)
                    try Files.setMode(of: directory, mode)
                }
            }
        }
        if let defaultOwner, defaultOwner == (user, group) { return }
        do throws(SystemError) {
            try Files.setOwner(raw: name, in: directory, user: user, group: group)
        } catch {
            guard error.errno == .invalid else { throw .failed(path.printable, error) }
            // The kernel does not say which of the two it cannot map.
            let isUser: Bool
            do throws(SystemError) {
                try Files.setOwner(raw: name, in: directory, user: user, group: .max)
                isUser = false
            } catch { isUser = true }
            throw .unmappedOwner(
                ArchiveError.UnmappedOwner(
                    kind: isUser ? .user : .group, id: isUser ? user : group, file: path.printable))
        }
    }

    private func setAttributes(
        _ entry: TarEntry, _ path: EntryPath, _ set: (RawName, [UInt8]) throws(SystemError) -> Void
    ) throws(ArchiveError) {
        for (name, value) in entry.attributes {
            if OverlayAttributes.reserves(name)
                || unpacker.ownership == .squashed && name == KeptOwner.attribute
            {
                report.skippedAttributes += 1
                continue
            }
            // New files below obey it instead of the mode that they are opened with (acl(5)).
            if name == Self.defaultACL { givesModes = false }
            do throws(SystemError) {
                try set(name, value)
            } catch {
                guard Self.mayLack(name, of: entry, error.errno) else { throw .failed(path.whole.printable, error) }
                report.skippedAttributes += 1
            }
        }
    }

    /// Whether an attribute that was refused with `errno` is left out silently: what the file system has no room
    /// for, what a user namespace may not set, and what the host's security module keeps for itself.
    private static func mayLack(_ name: RawName, of entry: TarEntry, _ errno: Errno) -> Bool {
        if errno == .notSupported { return true }
        guard errno == .notPermitted || errno == .access else { return false }
        let text = name.printable
        if text.begins(with: "trusted.") { return true }
        if text.begins(with: "security.") { return text != "security.capability" }
        // No link and no device can have attributes of users (xattr(7)).
        if text.begins(with: "user."), entry.kind != .regular, entry.kind != .directory { return true }
        return false
    }
}
