import Glibc
package import Linux

/// What a layer leaves to those below it, and its archive does not say.
package struct LooseEnds: Sendable, Equatable {
    /// A file that hard links of the layer name and only a layer below has.
    package struct Link: Sendable, Equatable {
        /// Where the layer below has it.
        package var target: RawName
        /// The names in this layer that stand for it, `target` among them where nothing else took it.
        package var names: [RawName]

        package init(target: RawName, names: [RawName]) {
            self.target = target
            self.names = names
        }
    }

    /// The directories that no entry describes, by their paths, the deepest first, the layer's root among them.
    package var directories: [RawName]
    package var links: [Link]

    package init(directories: [RawName] = [], links: [Link] = []) {
        self.directories = directories
        self.links = links
    }

    /// Whether the layers below can change anything but the layer's root, whose looks depend on them only where
    /// something else does.
    package var isEmpty: Bool { links.isEmpty && !directories.contains { $0.count > 1 } }

    /// Settles them in the unpacked layer `layer`, whose files are by `ownership`: directories get the owner, mode and
    /// times that they have in the layers `lowers`, the topmost first, and links their file, copied up as overlayfs
    /// would. Returns the bytes that copies take on the disk.
    ///
    /// All descriptors are open directories and borrowed. Throws `ArchiveError`, `linkTargetMissing` where no layer below
    /// has the file; the layer is of no use then.
    package func settle(
        in layer: CInt, _ ownership: LayerUnpacker.Ownership, lowers: [CInt]
    ) throws(ArchiveError) -> Int {
        let tree: LayerTree
        var budget: UnpackBudget
        do throws(SystemError) {
            tree = try LayerTree(root: layer)
            budget = try UnpackBudget(.init(), on: layer)
        } catch { throw .failed(".", error) }
        let stack = LayerStack(layers: lowers)
        for link in links { try Self.settle(link, in: tree, stack, &budget) }
        let below = StackedDirectories(stack)
        for path in directories {
            let status = try failing(path) { () throws(SystemError) in try below.status(of: path) }
            guard let status, let directory = try tree.directory(path, create: nil) else { continue }
            try failing(path) { () throws(SystemError) in
                if ownership == .archived {
                    try Files.setOwner(
                        raw: [0], in: directory.number, user: status.user, group: status.group)
                } else if let kept = try below.keptOwner(of: path) {
                    try kept.keep(directory.number)
                }
                try Files.setMode(of: directory.number, status.permissions)
                try Files.setTimes(
                    of: directory.number, access: status.accessTime,
                    modification: status.modificationTime)
            }
        }
        return budget.contentBytes
    }

    private static func settle(
        _ link: Link, in tree: LayerTree, _ stack: LayerStack, _ budget: inout UnpackBudget
    ) throws(ArchiveError) {
        let found = try failing(link.target) { () throws(SystemError) in try stack.find(link.target) }
        guard let found, !found.status.isDirectory else {
            let name = link.names.first { $0 != link.target } ?? link.target
            throw .linkTargetMissing(name.printable, target: link.target.printable)
        }
        try budget.add(Int(found.status.raw.st_blocks) * 512)
        budget.count(content: found.status.size)
        var first: (directory: LayerTree.Directory, name: RawName)?
        for whole in link.names {
            let path = try EntryPath(whole)
            guard let directory = try tree.directory(path.parent, create: nil) else { continue }
            try failing(whole) { () throws(SystemError) in
                // A change in it is not the layer's.
                let before = try Files.status(of: directory.number)
                try Files.unlink(path.name, in: directory.number)
                if let first {
                    try Files.makeHardLink(
                        raw: path.name, in: directory.number, to: first.name, in: first.directory.number)
                } else {
                    var copier = FileCopier()
                    try copier.copy(
                        found.name, in: found.directory.rawValue, found.status, to: path.name, in: directory.number)
                    first = (directory, path.name)
                }
                try Files.setTimes(
                    of: directory.number, access: before.accessTime, modification: before.modificationTime)
            }
        }
    }
}
