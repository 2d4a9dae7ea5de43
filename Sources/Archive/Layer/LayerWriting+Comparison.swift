import Glibc
import Linux

/// What a tree has in common with the layers below it.
extension LayerWriting {
    /// What the layers below a level's topmost source show under a name.
    struct Below {
        let source: Source
        let status: FileStatus
    }

    /// What the layers below show under `name`; nil where they show nothing.
    func below(_ name: RawName, _ level: Level) throws(ArchiveError) -> Below? {
        for source in level.sources.dropFirst() {
            let status = try reading(name) { () throws(SystemError) in
                try Files.status(raw: name, in: source.current)
            }
            if let status { return status.isWhiteout ? nil : Below(source: source, status: status) }
        }
        return nil
    }

    /// Says of a directory that was just entered what is other than in `old`, which the layers have.
    func compare(_ level: inout Level, _ old: FileStatus?) throws(ArchiveError) {
        guard let old, old.isDirectory, level.sources.count > 1 else {
            level.isNew = old == nil
            level.differs = true
            return
        }
        let (new, below) = (level, level.sources[1])
        level.differs = try reading([0]) { () throws(SystemError) in try !hasSameLooks(new, old, below) }
        level.differsInTime = level.header.modification != old.modificationTime
    }

    /// Whether the directory has the owner, mode and attributes of that with `old`, which `source` is in.
    func hasSameLooks(_ level: Level, _ old: FileStatus, _ source: Source) throws(SystemError) -> Bool {
        let owner = source.owner(old, try kept(source.current))
        guard level.header.mode == old.permissions, level.header.user == owner.user, level.header.group == owner.group
        else { return false }
        return isEqual(level.header.attributes, try attributes(source, of: source.current))
    }

    /// Whether `name` is in `source` what the layers have, as far as that shows without a look into it.
    func isSame(
        _ name: RawName, _ source: Source, _ status: FileStatus, _ old: Below
    ) throws(ArchiveError) -> Bool {
        let (new, below) = try reading(name) { () throws(SystemError) in
            (try kept(name, source, status), try kept(name, old.source, old.status))
        }
        let (owner, oldOwner) = (source.owner(status, new), old.source.owner(old.status, below))
        guard status.raw.st_mode == old.status.raw.st_mode, owner == oldOwner, status.device == old.status.device,
            new?.node == below?.node
        else { return false }
        return try reading(name) { () throws(SystemError) in
            if status.isSymbolicLink {
                return try Files.readLink(raw: name, in: source.current)
                    == Files.readLink(raw: name, in: old.source.current)
            }
            guard status.size == old.status.size, status.modificationTime == old.status.modificationTime else {
                return false
            }
            return isEqual(
                try attributes(source, of: name, in: source.current),
                try attributes(old.source, of: name, in: old.source.current))
        }
    }

    private func isEqual(_ one: [(name: RawName, value: [UInt8])], _ other: [(name: RawName, value: [UInt8])]) -> Bool {
        guard one.count == other.count else { return false }
        for (name, value) in one {
            guard let match = other.first(where: { $0.name == name }), match.value == value else { return false }
        }
        return true
    }

    // MARK: - Owners that are kept beside files

    /// What is kept beside the open file `descriptor`.
    func kept(_ descriptor: CInt) throws(SystemError) -> KeptOwner? {
        options.readsKeptOwners ? try KeptOwner.of(descriptor) : nil
    }

    /// What is kept beside `name` in the directory of `source`, which has `status`.
    func kept(_ name: RawName, _ source: Source, _ status: FileStatus) throws(SystemError) -> KeptOwner? {
        // Nothing else can have it, and to ask an unreadable device is an error.
        guard options.readsKeptOwners, status.isRegular || status.isDirectory else { return nil }
        return try KeptOwner.of(name, in: source.current)
    }

    // MARK: - Attributes

    /// Those of the open file `descriptor` that an archive gets.
    func attributes(_ source: Source, of descriptor: CInt) throws(SystemError) -> [(name: RawName, value: [UInt8])] {
        var found: [(name: RawName, value: [UInt8])] = []
        for name in try ExtendedAttributes.list(of: descriptor) where isWritten(name) {
            guard let value = try ExtendedAttributes.get(name, of: descriptor) else { continue }
            found.append((name, AttributeOwners.move(value, of: name, by: source.owners)))
        }
        return found
    }

    /// Those of `file` in `directory` that an archive gets.
    func attributes(
        _ source: Source, of file: RawName, in directory: CInt
    ) throws(SystemError) -> [(name: RawName, value: [UInt8])] {
        var found: [(name: RawName, value: [UInt8])] = []
        for name in try ExtendedAttributes.list(of: file, in: directory) where isWritten(name) {
            guard let value = try ExtendedAttributes.get(name, of: file, in: directory) else { continue }
            found.append((name, AttributeOwners.move(value, of: name, by: source.owners)))
        }
        return found
    }

    private func isWritten(_ name: RawName) -> Bool {
        if options.form != .plain, OverlayAttributes.reserves(name) { return false }
        if options.readsKeptOwners, name == KeptOwner.attribute { return false }
        let bytes = name.bytes
        guard bytes.starts(with: Array("user.".utf8)) || AttributeOwners.names.contains(name) else { return false }
        guard TarWriter.canHold(attribute: name) else {
            report.skippedAttributes += 1
            return false
        }
        return true
    }
}
