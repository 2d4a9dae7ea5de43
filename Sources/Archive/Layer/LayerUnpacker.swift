package import OCI

/// Unpacks layers of images (image-spec, layer.md) into directories that overlayfs can stack.
///
/// A whiteout `.wh.NAME` becomes the character device 0:0 of that name; `.wh..wh..opq` becomes
/// `user.overlay.opaque=y` of its directory. Whiteouts concern the layers below alone, whatever the order of
/// the entries; a directory that is made again in the layer that removes it is therefore opaque.
package struct LayerUnpacker: Sendable {
    /// What a layer may take. What is nil comes from the file system's free space.
    package struct Limits: Sendable {
        /// The bytes of all contents, without holes.
        package var bytes: Int?
        package var entries: Int?

        package init(bytes: Int? = nil, entries: Int? = nil) {
            self.bytes = bytes
            self.entries = entries
        }
    }

    /// Whose the files become.
    package enum Ownership: Sendable {
        /// Those whom the archive names, by number, in this user namespace.
        case archived
        /// All the caller's: for a namespace that maps one id. Whose they would be is kept beside them (`KeptOwner`), and a
        /// device becomes an empty file that says what it is.
        case squashed
    }

    package var ownership: Ownership
    package var limits: Limits
    /// The diff id that the image's configuration names; nil to accept any.
    package var expected: Digest?
    /// Whether the layer is on the device (syncfs(2)) when `unpack` returns.
    package var isDurable: Bool
    /// Whether the caller has set umask(2) to 0, so that new files get their mode at once.
    package var hasNoUmask = false
    /// What decoding takes a share of; nil: as much as it likes.
    package var memory: DecodingMemory?
    /// Whether openat2(2) may be tried; the other way is for kernels before 5.6.
    package var usesOpenat2 = true

    package init(
        ownership: Ownership = .archived, limits: Limits = Limits(), expecting expected: Digest? = nil,
        isDurable: Bool = false
    ) {
        self.ownership = ownership
        self.limits = limits
        self.expected = expected
        self.isDurable = isDurable
        // The caller may change its root between this and `unpack`.
        TarReader.prepare()
    }

    /// Unpacks the layer that `source` gives, compressed or not, into the empty directory `directory`.
    ///
    /// Both descriptors are borrowed, and nothing is opened by any other path: the caller may have changed its
    /// root directory to the layer's. The layers below are not needed: what depends on them is left to
    /// `LooseEnds.settle`.
    ///
    /// Throws `ArchiveError`; the directory then holds a part of the layer and must be removed.
    package func unpack(_ source: CInt, into directory: CInt) throws(ArchiveError) -> LayerReport {
        let unpacking = try Unpacking(self, directory: directory)
        let reader = try TarReader(reading: source, expected?.algorithm ?? .sha256, sharing: memory)
        while let entry = try reader.next() { try unpacking.add(entry, from: reader) }
        let (diffID, size) = try reader.finish()
        if let expected, expected != diffID { throw .wrongDiffID(expected: expected, actual: diffID) }
        return try unpacking.finish(diffID: diffID, streamSize: size)
    }
}

/// What was unpacked.
package struct LayerReport: Sendable, Equatable {
    /// The digest of the uncompressed stream.
    package var diffID: Digest
    /// The length of the uncompressed stream in bytes.
    package var streamSize: Int
    /// The sizes of the files that it brings, holes included, in bytes.
    package var diskSize: Int
    /// The number of entries of the archive, and of directories that it implies.
    package var entries: Int
    /// The number of entries that could not be made here: devices in a user namespace, sockets, and devices
    /// 0:0, which would be whiteouts.
    package var skippedNodes = 0
    /// The names of the first of those, for a message.
    package var skippedNames: [String] = []
    /// The number of extended attributes left out: those of overlayfs itself, and those that the file system
    /// or the user namespace refuses.
    package var skippedAttributes = 0
    /// What is to be settled with the layers below.
    package var looseEnds = LooseEnds()
    /// Whether the layer's root is opaque. overlayfs does not look at the mark of a root: layers below this
    /// one are not to be mounted.
    package var isRootOpaque = false
}
