import Glibc
import Linux

/// Copies a directory tree, or the merged tree of a stack of layers, where overlayfs is refused.
package struct TreeCopy: Sendable {
    /// What the sources are.
    package enum Form: Sendable {
        /// Layers in overlay form: whiteouts and opaque directories hide what is below and are not copied.
        case overlay
        /// A plain tree: everything is copied as it is.
        case plain
    }

    package var form: Form
    /// What the copies' owners are by those of the sources; nil: the same.
    package var owners: OwnerMap?

    package init(_ form: Form, owners: OwnerMap? = nil) {
        self.form = form
        self.owners = owners
    }

    /// Copies what `sources` show, the topmost first, into the empty directory `target`, with owners, modes,
    /// times, extended attributes, holes and the hard links within each source. Blocks are shared where the file
    /// system can (reflink). All descriptors are open directories and borrowed. Throws `ArchiveError`; `target`
    /// then holds a part.
    package func copy(_ sources: [CInt], into target: CInt) throws(ArchiveError) -> TreeCopyReport {
        var run = Run(form: form, root: target)
        run.copier.keepsOverlayAttributes = form == .plain
        run.copier.owners = owners
        try run.merge(sources, into: target, [])
        return TreeCopyReport(
            entries: run.entries, copiedBytes: run.copier.copiedBytes, sharedFiles: run.copier.sharedFiles,
            skippedNodes: run.skippedNodes)
    }

    /// What one copy has to remember.
    private struct Run {
        let form: Form
        let root: CInt
        var copier = FileCopier()
        var entries = 0
        var skippedNodes = 0
        /// Where the first name of a file with several was copied to, relative to the root.
        var links: [FileIdentity: RawName] = [:]

        init(form: Form, root: CInt) {
            self.form = form
            self.root = root
        }

        /// Copies the merged content of `sources`, directories of one name, the topmost first, into `target`.
        mutating func merge(_ sources: [CInt], into target: CInt, _ path: RawName) throws(ArchiveError) {
            guard let top = sources.first else { return }
            var seen: Set<RawName> = []
            for (index, source) in sources.enumerated() {
                for name in try failing(path, { () throws(SystemError) in try Files.rawNames(of: source) }) {
                    guard seen.insert(name).inserted else { continue }
                    try add(name, from: sources[index...], into: target, path)
                }
                if try isOpaque(source, path) { break }
            }
            try failing(path) { () throws(SystemError) in
                try copier.copyDescription(of: top, Files.status(of: top), to: target)
            }
        }

        private mutating func add(
            _ name: RawName, from sources: ArraySlice<CInt>, into target: CInt, _ parent: RawName
        ) throws(ArchiveError) {
            let source = sources.first!
            let path = (parent.isEmpty ? [] : parent.dropLast() + [47]) + name
            let status = try failing(path) { () throws(SystemError) in try Files.status(raw: name, in: source) }
            // It went away meanwhile.
            guard let status else { return }
            if form == .overlay && status.isWhiteout { return }
            entries += 1
            if status.isDirectory { return try addDirectory(name, from: sources, into: target, path) }
            if status.linkCount > 1, try addLink(name, status, into: target, path) { return }
            do throws(SystemError) {
                try copier.copy(name, in: source, status, to: name, in: target)
            } catch {
                let isDevice = status.type == S_IFCHR || status.type == S_IFBLK
                guard isDevice && error.errno == .notPermitted else { throw .failed(path.printable, error) }
                skippedNodes += 1
            }
        }

        /// Whether the file is now a link to its first name's copy.
        private mutating func addLink(
            _ name: RawName, _ status: FileStatus, into target: CInt, _ path: RawName
        ) throws(ArchiveError) -> Bool {
            guard let first = links[status.identity] else {
                links[status.identity] = path
                return false
            }
            do throws(SystemError) {
                try Files.makeHardLink(raw: name, in: target, to: first, in: root)
                return true
            } catch {
                // A path that is too long, a file system with fewer links, or a first name that was skipped:
                // a copy of its own then.
                if error.errno == .nameTooLong || error.errno == .noEntry || error.errno == Errno(EMLINK) {
                    return false
                }
                throw .failed(path.printable, error)
            }
        }

        private mutating func addDirectory(
            _ name: RawName, from sources: ArraySlice<CInt>, into target: CInt, _ path: RawName
        ) throws(ArchiveError) {
            var open: [LayerTree.Directory] = []
            scan: for source in sources {
                let next: LayerTree.Directory
                do throws(SystemError) {
                    next = LayerTree.Directory(try Files.open(raw: name, in: source, O_RDONLY | O_DIRECTORY))
                } catch {
                    switch error.errno {
                    case .noEntry: continue scan
                    // A file or a whiteout below hides what is further below.
                    case .notDirectory, .loop: break scan
                    default: throw .failed(path.printable, error)
                    }
                }
                open.append(next)
                if try isOpaque(next.number, path) { break }
            }
            let made = try failing(path) { () throws(SystemError) in
                try Files.makeDirectory(raw: name, in: target, mode: 0o700)
                return try Files.open(raw: name, in: target, O_RDONLY | O_DIRECTORY)
            }
            let numbers = open.map(\.number)
            try merge(numbers, into: made.rawValue, path)
            // Their numbers are all that was used of them above.
            withExtendedLifetime(open) {}
        }

        private func isOpaque(_ directory: CInt, _ path: RawName) throws(ArchiveError) -> Bool {
            guard form == .overlay else { return true }
            return try failing(path) { () throws(SystemError) in try OverlayAttributes.isOpaque(directory) }
        }
    }
}

/// What was copied.
package struct TreeCopyReport: Sendable, Equatable, Codable {
    package var entries: Int
    /// The bytes of content that were copied, without holes and shared blocks.
    package var copiedBytes: Int
    /// The number of files whose blocks are shared with their source.
    package var sharedFiles: Int
    /// The number of devices that could not be made in this user namespace.
    package var skippedNodes: Int
}
