package import Archive
import Errors
import Glibc
package import Linux

/// Whatever is no directory.
extension TreeSink {
    mutating func makeFile(
        _ name: RawName, _ entry: TarEntry,
        _ write: (inout TreeSink, borrowing FileDescriptor) throws(EngineError) -> Void
    ) throws(EngineError) {
        let number = current
        let owner = wantedOwner(entry)
        // What belongs to somebody else is nobody's until it does; attributes are for who may write.
        let isCreators = owner.map { $0 == creator } ?? true
        let file = try create(name, entry, mode: entry.mode & (isCreators ? 0o777 : 0o700) | 0o600)
        do throws(EngineError) {
            try write(&self, file)
            try doing(name) { () throws(SystemError) in
                let status = try file.status()
                if let owner, owner != (status.user, status.group) { try setOwner(of: file.rawValue, entry) }
                // After the owner: chown(2) takes the set-user-ID bit and the capabilities away.
                try setAttributes(of: file.rawValue, entry)
                if status.permissions != entry.mode { try Files.setMode(of: file.rawValue, entry.mode) }
                try Files.setTimes(of: file.rawValue, access: entry.modification, modification: entry.modification)
            }
        } catch {
            try? Files.unlink(name, in: number)
            throw error
        }
    }

    /// Makes the empty file; most are new, so what is in the way is looked at afterwards.
    private func create(_ name: RawName, _ entry: TarEntry, mode: FileMode) throws(EngineError) -> FileDescriptor {
        let number = current
        func make() throws(SystemError) -> FileDescriptor {
            try Files.open(raw: name, in: number, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        }
        do throws(SystemError) { return try make() } catch {
            guard error.errno == .exists else { throw failure(error, name) }
        }
        try clear(name, for: entry)
        return try doing(name) { () throws(SystemError) in try make() }
    }

    func write(
        _ content: [UInt8], to file: borrowing FileDescriptor, _ name: RawName
    ) throws(EngineError) {
        do throws(SystemError) { try file.writeAll(content) } catch { throw failure(error, name) }
    }

    mutating func write(
        _ source: borrowing FileDescriptor, to file: borrowing FileDescriptor, _ name: RawName, _ size: Int
    ) throws(EngineError) {
        do throws(SystemError) { try copier.copyContent(source, to: file, size: size) } catch {
            throw failure(error, name)
        }
    }

    func write(
        _ archive: TarReader, to file: borrowing FileDescriptor, _ name: RawName, _ size: Int
    ) throws(EngineError) {
        var end = 0
        var failed: SystemError?
        let number = file.rawValue
        do throws(ArchiveError) {
            try archive.readContent { bytes, offset throws(ArchiveError) in
                var done = 0
                while done < bytes.count {
                    let written = pwrite(
                        number, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
                    if written < 0, Errno.current == .interrupted { continue }
                    guard written >= 0 else {
                        let error = SystemError("write")
                        failed = error
                        throw .unwritable(error)
                    }
                    done += written
                }
                end = offset + bytes.count
            }
        } catch {
            if let failed { throw failure(failed, name) }
            throw EngineError("\(error)", .invalid)
        }
        if end < size { try doing(name) { () throws(SystemError) in try setSize(number, size) } }
    }

    private func setSize(_ number: CInt, _ size: Int) throws(SystemError) {
        try check("ftruncate") { ftruncate(number, off_t(size)) }
    }

    func makeLink(_ name: RawName, _ entry: TarEntry, to target: RawName) throws(EngineError) {
        var path = try linkComponents(target, entry)
        guard let last = path.popLast() else { throw Self.badLink(entry, target) }
        let number = current
        let way = path
        try doing(name) { () throws(SystemError) in
            let folder = try directory(way)
            try Files.makeHardLink(raw: name, in: number, to: last, in: folder.rawValue)
        }
    }

    private func linkComponents(_ target: RawName, _ entry: TarEntry) throws(EngineError) -> [RawName] {
        var list: [RawName] = []
        for part in target.dropLast().split(separator: 47) where Array(part) != [46] {
            guard Array(part) == [46, 46] else {
                list.append(Array(part) + [0])
                continue
            }
            guard list.popLast() != nil else { throw Self.badLink(entry, target) }
        }
        return list
    }

    private static func badLink(_ entry: TarEntry, _ target: RawName) -> EngineError {
        EngineError("invalid hardlink \"\(entry.name.printable)\" -> \"\(target.printable)\"", .invalid)
    }

    /// Links, pipes and devices.
    func makeNode(_ name: RawName, _ entry: TarEntry) throws(EngineError) {
        let number = current
        do throws(SystemError) {
            switch entry.kind {
            case .symbolicLink(let target): try Files.makeSymbolicLink(raw: name, in: number, to: target)
            case .characterDevice(let device):
                try Files.makeNode(raw: name, in: number, mode: S_IFCHR | 0o600, device: device)
            case .blockDevice(let device):
                try Files.makeNode(raw: name, in: number, mode: S_IFBLK | 0o600, device: device)
            default: try Files.makeNode(raw: name, in: number, mode: S_IFIFO | 0o600)
            }
        } catch {
            // Root of the machine alone may make devices.
            switch entry.kind {
            case .characterDevice, .blockDevice: if error.errno == .notPermitted { return }
            default: break
            }
            throw failure(error, name)
        }
        try doing(name) { () throws(SystemError) in
            // Of what was made, and not of what somebody has put in its place.
            let made = try Files.open(raw: name, in: number, FileDescriptor.pathOnly)
            try setOwner(of: made.rawValue, entry)
            let status = try made.status()
            if !status.isSymbolicLink, !status.isDirectory {
                try check("chmod") { chmod("/proc/self/fd/\(made.rawValue)", entry.mode) }
            }
            try Files.setTimes(
                raw: name, in: number, access: entry.modification, modification: entry.modification)
        }
    }

    // MARK: descriptions

    /// To whom what `entry` describes shall belong; nil where that does not matter.
    private func wantedOwner(_ entry: TarEntry) -> (user: UInt32, group: UInt32)? {
        switch owners {
        case .creator: nil
        case .fixed(let user, let group): (user, group)
        case .entries, .exact: (entry.user, entry.group)
        }
    }

    /// Gives the open file or directory `file` the owner that `entry` says. Throws `SystemError`.
    package func setOwner(of file: CInt, _ entry: TarEntry) throws(SystemError) {
        switch owners {
        case .creator: return
        case .fixed(let user, let group): try Files.setOwner(raw: [0], in: file, user: user, group: group)
        case .entries, .exact:
            do throws(SystemError) {
                try Files.setOwner(raw: [0], in: file, user: entry.user, group: entry.group)
            } catch {
                // An ordinary user gives nothing away, and a user namespace has no names for some.
                guard error.errno == .notPermitted || error.errno == .invalid else { throw error }
                guard keepsOwners, entry.kind == .regular || entry.kind == .directory else {
                    // Links and pipes have no place to keep an owner in.
                    if case .exact = owners, !keepsOwners {
                        throw SystemError(
                            "chown",
                            "\(entry.name.printable) to \(entry.user):\(entry.group), which needs more ids in /etc/subuid and /etc/subgid",
                            error.errno)
                    }
                    return
                }
                try KeptOwner(user: entry.user, group: entry.group, mode: entry.mode).keep(file)
                return
            }
            // What was there had another one, perhaps.
            if keepsOwners, entry.kind == .directory { try ExtendedAttributes.remove(KeptOwner.attribute, of: file) }
        }
    }

    /// Gives the open file or directory `file` those extended attributes of `entry` that are a user's, and capabilities. Throws `SystemError`.
    package func setAttributes(of file: CInt, _ entry: TarEntry) throws(SystemError) {
        for (name, value) in entry.attributes where isKept(name) {
            do throws(SystemError) { try ExtendedAttributes.set(name, of: file, to: value) } catch {
                // The file system does not have them, or the caller may not give them.
                guard error.errno == .notSupported || error.errno == .notPermitted else { throw error }
            }
        }
    }

    /// An archive may name others, which mean something to the kernel or to an overlay.
    private func isKept(_ name: RawName) -> Bool {
        if keepsOwners, name == KeptOwner.attribute { return false }
        return name == RawName("security.capability")
            || name.bytes.starts(with: Array("user.".utf8)) && !OverlayAttributes.reserves(name)
    }
}
