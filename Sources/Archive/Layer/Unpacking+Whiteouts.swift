import Glibc
import Linux

extension Unpacking {
    /// Whether the entry is a whiteout or another mark of AUFS (image-spec, layer.md, Whiteouts), which this
    /// then has dealt with. Throws `ArchiveError`.
    func addWhiteout(_ path: EntryPath, _ entry: TarEntry) throws(ArchiveError) -> Bool {
        guard path.hasPrefix(".wh.") else { return false }
        if path.hasPrefix(".wh..wh.") {
            // The others (.wh..wh.plnk, .wh..wh.aufs) are AUFS' own books.
            if path.name == RawName(".wh..wh..opq") {
                let directory = try directory(path.parent)
                try failing(path.whole) { () throws(SystemError) in
                    try OverlayAttributes.setOpaque(directory.number)
                }
            }
            return true
        }
        let name = RawName(path.name.dropFirst(4))
        if name == [0] || name == [46, 0] || name == [46, 46, 0] {
            throw .badName(entry.name.printable, "it is a whiteout of no name")
        }
        let directory = try directory(path.parent)
        try failing(path.whole) { () throws(SystemError) in
            guard let status = try Files.status(raw: name, in: directory.number) else {
                return try Self.makeWhiteout(name, in: directory.number)
            }
            // What this layer itself has stays ("files that are present in the same layer as a whiteout file
            // can only be hidden by whiteout files in subsequent layers"); a directory stays without what the
            // layers below have in it.
            if status.isDirectory {
                let kept = try Files.open(raw: name, in: directory.number, O_RDONLY | O_DIRECTORY)
                try OverlayAttributes.setOpaque(kept.rawValue)
            }
        }
        return true
    }

    private static func makeWhiteout(_ name: RawName, in directory: CInt) throws(SystemError) {
        do throws(SystemError) { try Files.makeNode(raw: name, in: directory, mode: S_IFCHR) } catch {
            // An overlay takes none from anybody: its own would be told from a layer's by nothing.
            let isOverlay =
                (try? FileDescriptor.open(".", in: directory, O_RDONLY | O_DIRECTORY).fileSystemType()) == .overlay
            guard error.errno == .notPermitted, isOverlay else { throw error }
            throw SystemError(
                "mknod (the store is on an overlay, which cannot hold what a layer removes: put it on a volume or a "
                    + "tmpfs, with --root or APUS_ROOT)", error.object, error.errno)
        }
    }

    /// Removes what has the name now; returns whether there was anything.
    func clear(_ path: EntryPath, in parent: LayerTree.Directory) throws(ArchiveError) {
        try failing(path.whole) { () throws(SystemError) in
            guard let status = try Files.status(raw: path.name, in: parent.number) else { return }
            if status.isDirectory || status.isSymbolicLink { tree.invalidate() }
            if status.isDirectory {
                try Files.removeTree(path.name, in: parent.number)
            } else {
                try Files.unlink(path.name, in: parent.number)
            }
        }
    }

    /// Runs `make`, which fails where the name is taken, and again after taking it away: a later entry of a
    /// layer wins over an earlier one.
    func replacing<T: ~Copyable>(
        _ path: EntryPath, in parent: LayerTree.Directory, _ make: () throws(SystemError) -> T
    ) throws(ArchiveError) -> T {
        do throws(SystemError) {
            return try make()
        } catch {
            guard error.errno == .exists else { throw .failed(path.whole.printable, error) }
        }
        try clear(path, in: parent)
        return try failing(path.whole, make)
    }
}
