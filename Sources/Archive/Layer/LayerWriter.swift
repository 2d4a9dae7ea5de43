package import Linux

/// Writes a directory tree as the layer of an image (image-spec, layer.md), or as the archive of a whole file system.
///
/// The same tree gives the same bytes: directories come before what is in them, and what is in one in the order of its
/// names' bytes. Owners are numbers; hard links are links within the archive, whiteouts and opaque directories are
/// AUFS's names (`.wh.NAME`, `.wh..wh..opq`). Sockets are left out, as Docker leaves them out, and so are all extended
/// attributes but users' (`user.`), file capabilities and access control lists: the others belong to a machine.
///
/// The tree may change meanwhile: nothing leads out of it, and the archive stays one that can be read.
package struct LayerWriter: Sendable {
    /// What is read, and what of it is written.
    package enum Form: String, Sendable {
        /// An overlay's upper directory, which has what differs from the layers below alone.
        case upper
        /// A whole tree, of which what differs from the layers is written.
        case difference
        /// All that the directories show together, the topmost first, as an overlay would.
        case merged
        /// What the directories of several layers are together, the topmost first: one layer that changes what is below as they do one
        /// after the other.
        case squashed
        /// All that one directory has, also what would be marks in a layer.
        case plain
    }

    package var form: Form
    /// What the owners of the topmost directory's files are in the archive; nil: the same. What has no number there is
    /// nobody's (65534), as the kernel shows it.
    package var owners: OwnerMap?
    /// Paths, relative and without a final slash, where an empty file or directory is no change, as an engine makes them to
    /// mount on. Of no meaning for `Form.merged`.
    package var mountPlaces: Set<[UInt8]> = []
    /// Whether files have the owners that are kept beside them (`KeptOwner`), and none of `owners`: for the files of who
    /// has one id. The attribute itself is not written then.
    package var readsKeptOwners = false

    /// Whether the topmost directory was written by fuse-overlayfs, which marks what is gone in its own way.
    package var isOfFuse = false

    /// Whether all that is in the topmost directory is written, also what the others have as it is: so that the directory itself is what
    /// the archive would be unpacked to. Of meaning for `Form.upper` alone.
    package var writesAll = false

    package init(_ form: Form, owners: OwnerMap? = nil) {
        self.form = form
        self.owners = owners
    }

    /// What was written and what was not.
    package struct Report: Sendable, Equatable {
        package var entries = 0
        /// The number of extended attributes whose names an archive cannot hold.
        package var skippedAttributes = 0
        package var skippedSockets = 0
        /// The sizes of all files, each once, in bytes.
        package var contentSize: Int64 = 0
    }

    /// Writes what `directories` show, the topmost first, to `writer`, whose `finish()` is the caller's. With
    /// `Form.upper` and `Form.difference` the first is what is written, the others what it is compared with.
    ///
    /// All descriptors are open directories and borrowed; a few more are taken for each, however deep the trees are.
    /// Throws `ArchiveError`: of the output, or with the path of what cannot be read; the archive is no good then.
    package func write(_ directories: [CInt], to writer: TarWriter) throws(ArchiveError) -> Report {
        let writing = LayerWriting(self, directories, writer)
        try writing.write()
        return writing.report
    }
}
