import Glibc
import Linux

extension Unpacking {
    func addFile(
        _ path: EntryPath, _ entry: TarEntry, in parent: LayerTree.Directory, from reader: TarReader
    ) throws(ArchiveError) {
        let file = try replacing(path, in: parent) { () throws(SystemError) in
            try Files.open(
                raw: path.name, in: parent.number, O_WRONLY | O_CREAT | O_EXCL, mode: givesModes ? entry.mode : 0o600)
        }
        var end = 0
        try reader.readContent { bytes, offset throws(ArchiveError) in
            try budget.add(bytes.count)
            try failing(path.whole) { () throws(SystemError) in try file.write(bytes, at: offset) }
            end = offset + bytes.count
        }
        budget.count(content: entry.size)
        try failing(path.whole) { () throws(SystemError) in
            // The file ends in a hole.
            if end < entry.size { try file.setSize(entry.size) }
        }
        try describe(file.rawValue, path, entry)
    }

    func addDirectory(
        _ path: EntryPath, _ entry: TarEntry, in parent: LayerTree.Directory
    ) throws(ArchiveError) {
        var isOpaque = false
        do throws(SystemError) {
            try Files.makeDirectory(path.name, in: parent.number, mode: 0o700)
        } catch {
            guard error.errno == .exists else { throw .failed(path.whole.printable, error) }
            let status = try failing(path.whole) { () throws(SystemError) in
                try Files.status(raw: path.name, in: parent.number)
            }
            if status?.isDirectory != true {
                // A whiteout, or a file that this layer put there before, has removed what is below.
                isOpaque = true
                try clear(path, in: parent)
                try failing(path.whole) { () throws(SystemError) in
                    try Files.makeDirectory(path.name, in: parent.number, mode: 0o700)
                }
            }
        }
        if !isOpaque && entry.attributes.isEmpty {
            let status = try failing(path.whole) { () throws(SystemError) in
                try Files.status(raw: path.name, in: parent.number)
            }
            guard let status, status.isDirectory else { throw .notDirectory(path.whole.printable) }
            return record(status, path, entry)
        }
        let directory = try failing(path.whole) { () throws(SystemError) in
            try Files.open(raw: path.name, in: parent.number, O_RDONLY | O_DIRECTORY)
        }
        if isOpaque {
            try failing(path.whole) { () throws(SystemError) in
                try OverlayAttributes.setOpaque(directory.rawValue)
            }
        }
        try describe(directory.rawValue, path, entry)
    }

    func addSymbolicLink(
        _ path: EntryPath, _ entry: TarEntry, in parent: LayerTree.Directory, to target: RawName
    ) throws(ArchiveError) {
        try replacing(path, in: parent) { () throws(SystemError) in
            try Files.makeSymbolicLink(raw: path.name, in: parent.number, to: target)
        }
        // A name ends with a zero byte.
        budget.count(content: target.count - 1)
        try describe(path, entry, in: parent, hasMode: false)
    }

    func addNode(
        _ path: EntryPath, _ entry: TarEntry, in parent: LayerTree.Directory, type: FileMode, device: DeviceNumber
    ) throws(ArchiveError) {
        // It would be a whiteout, which an archive spells otherwise.
        if type == S_IFCHR && device == 0 { return skip(path) }
        do throws(ArchiveError) {
            try replacing(path, in: parent) { () throws(SystemError) in
                try Files.makeNode(raw: path.name, in: parent.number, mode: type | 0o600, device: device)
            }
        } catch {
            // No user namespace but the first may make devices.
            guard type != S_IFIFO, case .failed(_, let cause) = error, cause.errno == .notPermitted else { throw error }
            guard unpacker.ownership == .squashed else { return skip(path) }
            return try addStandIn(path, entry, in: parent, .init(type: type, device: device))
        }
        try describe(path, entry, in: parent, hasMode: true)
    }

    /// An empty file in the place of a device, which says whose and what it would be. Who has one id has no way to the real
    /// one, in whatever container.
    private func addStandIn(
        _ path: EntryPath, _ entry: TarEntry, in parent: LayerTree.Directory, _ node: KeptOwner.Node
    ) throws(ArchiveError) {
        let file = try replacing(path, in: parent) { () throws(SystemError) in
            try Files.open(raw: path.name, in: parent.number, O_WRONLY | O_CREAT | O_EXCL)
        }
        try describe(file.rawValue, path, entry)
        try failing(path.whole) { () throws(SystemError) in
            try KeptOwner(user: entry.user, group: entry.group, mode: entry.mode, node: node).keep(file.rawValue)
        }
    }

    func addHardLink(_ path: EntryPath, in parent: LayerTree.Directory, to target: EntryPath) throws(ArchiveError) {
        var found = try linkTarget(target)
        if found == nil { found = try placeholder(target) }
        guard let (directory, status) = found else {
            throw .linkTargetMissing(path.whole.printable, target: target.whole.printable)
        }
        guard !status.isDirectory else {
            throw .badName(path.whole.printable, "it is a hard link to the directory \"\(target.whole.printable)\"")
        }
        if let link = placeholders[status.identity.inode], !link.names.contains(path.whole) {
            placeholders[status.identity.inode]!.names.append(path.whole)
        }
        func link() throws(SystemError) {
            try Files.makeHardLink(raw: path.name, in: parent.number, to: target.name, in: directory.number)
        }
        do throws(SystemError) { return try link() } catch {
            guard error.errno == .exists else { throw .failed(path.whole.printable, error) }
        }
        // One link to itself would be removed to make room for itself.
        let taken = try failing(path.whole) { () throws(SystemError) in
            try Files.status(raw: path.name, in: parent.number)
        }
        if taken?.identity == status.identity { return }
        try replacing(path, in: parent, link)
    }

    /// The file of this layer that a hard link names; nil where there is none.
    private func linkTarget(_ target: EntryPath) throws(ArchiveError) -> (LayerTree.Directory, FileStatus)? {
        guard !target.isRoot, let directory = try tree.directory(target.parent, create: nil) else { return nil }
        let status = try failing(target.whole) { () throws(SystemError) in
            try Files.status(raw: target.name, in: directory.number)
        }
        guard let status, !status.isWhiteout else { return nil }
        return (directory, status)
    }

    /// With no permissions and no content it tells a placeholder from a file that got the number of one that went away.
    private static let placeholderTime = FileTime(seconds: 86399, nanoseconds: 0)

    /// Whether a file is the placeholder that got the number `inode`.
    static func isPlaceholder(_ status: FileStatus, _ inode: UInt) -> Bool {
        status.identity.inode == inode && status.isRegular && status.size == 0 && status.permissions == 0
            && status.modificationTime == placeholderTime
    }

    /// Makes an empty file at `target`, where the layers below may have the one that a hard link names: overlayfs
    /// copies a file up when somebody makes a hard link to it. `LooseEnds` puts it in its place. Nil where this layer
    /// hides what they have.
    private func placeholder(_ target: EntryPath) throws(ArchiveError) -> (LayerTree.Directory, FileStatus)? {
        guard !target.isRoot,
            try failing(target.whole, { () throws(SystemError) in try LayerStack.isAbsent(target.whole, in: root) })
        else { return nil }
        try budget.addEntry()
        let directory = try directory(target.parent)
        let status = try failing(target.whole) { () throws(SystemError) in
            let file = try Files.open(raw: target.name, in: directory.number, O_WRONLY | O_CREAT | O_EXCL)
            try Files.setMode(of: file.rawValue, 0)
            try Files.setTimes(of: file.rawValue, access: Self.placeholderTime, modification: Self.placeholderTime)
            return try Files.status(of: file.rawValue)
        }
        placeholders[status.identity.inode] = LooseEnds.Link(target: target.whole, names: [target.whole])
        return (directory, status)
    }
}
