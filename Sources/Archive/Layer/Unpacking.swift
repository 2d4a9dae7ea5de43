import Glibc
import Linux
import OCI

/// One run of `LayerUnpacker`: the state that the entries share.
final class Unpacking {
    let unpacker: LayerUnpacker
    let tree: LayerTree
    let root: CInt
    var budget: UnpackBudget
    /// By inode. Directories get owner, mode and times at the end: before, files must go into them, which
    /// changes their times and may need a mode that they shall not have.
    var directories: [UInt: DirectoryRecord] = [:]
    var report: (skippedNodes: Int, skippedNames: [String], skippedAttributes: Int) = (0, [], 0)
    /// The files that stand for those that only a layer below has, by inode.
    var placeholders: [UInt: LooseEnds.Link] = [:]
    /// Whether a file has the mode that it is opened with, and needs no call for it.
    var givesModes: Bool
    /// Whom a new file belongs to before any chown; nil where that is not known.
    let defaultOwner: (user: UInt32, group: UInt32)?

    /// What a directory will be.
    struct DirectoryRecord {
        /// Its path when it was made; a directory that went away is no longer found there by its inode.
        var path: RawName
        var user: UInt32
        var group: UInt32
        var mode: FileMode
        var times: (access: FileTime, modification: FileTime)?
        /// Whether no entry has described it.
        var isImplicit = false
    }

    init(_ unpacker: LayerUnpacker, directory: CInt) throws(ArchiveError) {
        self.unpacker = unpacker
        root = directory
        do throws(SystemError) {
            tree = try LayerTree(root: directory, usesOpenat2: unpacker.usesOpenat2)
            budget = try UnpackBudget(unpacker.limits, on: directory)
            let status = try Files.status(of: directory)
            givesModes = unpacker.hasNoUmask ? try Self.hasNoDefaultACL(directory) : false
            // A set-group-ID directory, or a mount with `grpid`, gives its group away.
            let isPlain = status.raw.st_mode & S_ISGID == 0 && status.group == getegid()
            defaultOwner = isPlain ? (geteuid(), getegid()) : nil
        } catch {
            throw .failed(".", error)
        }
        try recordImplicit(directory, [0])
    }

    private static func hasNoDefaultACL(_ directory: CInt) throws(SystemError) -> Bool {
        do throws(SystemError) {
            return try ExtendedAttributes.get(defaultACL, of: directory) == nil
        } catch  where error.errno == .notSupported {
            return true
        }
    }

    /// Unpacks one entry. Throws `ArchiveError`.
    func add(_ entry: TarEntry, from reader: TarReader) throws(ArchiveError) {
        try budget.addEntry()
        let path = try EntryPath(entry.name)
        if path.isRoot {
            guard entry.kind == .directory else {
                throw .badName(entry.name.printable, "it is the layer's root directory")
            }
            return try describe(root, path, entry)
        }
        if try addWhiteout(path, entry) { return }
        let parent = try directory(path.parent)
        switch entry.kind {
        case .regular: try addFile(path, entry, in: parent, from: reader)
        case .directory: try addDirectory(path, entry, in: parent)
        case .symbolicLink(let target): try addSymbolicLink(path, entry, in: parent, to: target)
        case .hardLink(let target): try addHardLink(path, in: parent, to: EntryPath(target))
        case .fifo: try addNode(path, entry, in: parent, type: S_IFIFO, device: 0)
        case .characterDevice(let device): try addNode(path, entry, in: parent, type: S_IFCHR, device: device)
        case .blockDevice(let device): try addNode(path, entry, in: parent, type: S_IFBLK, device: device)
        case .other: skip(path)
        }
    }

    /// The directory at `path`, made with its parents where they are missing.
    func directory(_ path: RawName) throws(ArchiveError) -> LayerTree.Directory {
        try tree.directory(path) { made, madePath throws(ArchiveError) in
            try self.budget.addEntry()
            try self.recordImplicit(made, madePath)
        }!
    }

    /// Remembers that an entry could not be made.
    func skip(_ path: EntryPath) {
        report.skippedNodes += 1
        if report.skippedNames.count < 16 { report.skippedNames.append(path.whole.printable) }
    }

    /// Gives the directories what they shall be, and reports.
    func finish(diffID: Digest, streamSize: Int) throws(ArchiveError) -> LayerReport {
        let links = try remainingPlaceholders()
        let implicit = try finishDirectories()
        let isRootOpaque = try failing(RawName(".")) { () throws(SystemError) in
            try OverlayAttributes.isOpaque(root)
        }
        if unpacker.isDurable {
            try failing(RawName(".")) { () throws(SystemError) in try Files.syncFileSystem(of: root) }
        }
        return LayerReport(
            diffID: diffID, streamSize: streamSize, diskSize: budget.contentBytes, entries: budget.usedEntries,
            skippedNodes: report.skippedNodes, skippedNames: report.skippedNames,
            skippedAttributes: report.skippedAttributes,
            looseEnds: LooseEnds(directories: implicit, links: links), isRootOpaque: isRootOpaque)
    }
}
