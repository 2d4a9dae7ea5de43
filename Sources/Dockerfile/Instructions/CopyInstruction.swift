/// COPY or ADD, nothing in it expanded.
package struct CopyInstruction: Hashable, Sendable {
    /// A file whose content stands in the Dockerfile.
    package struct InlineFile: Hashable, Sendable {
        /// Its name.
        package let name: String
        /// What is in it, tabs taken off where the sign says so.
        package let content: [UInt8]
        /// Whether variables in it are expanded (`Expansion.init(document:_:)`).
        package let isExpanded: Bool
    }

    /// The paths, patterns and URLs.
    package let sources: [String]
    /// The here-documents among the sources; they come behind the others.
    package let files: [InlineFile]
    /// Where they go.
    package let destination: String
    /// `--from`: a stage's name or number, an image or a context; not expandable. COPY alone.
    package let from: String?
    /// `--chown`.
    package let owner: String?
    /// `--chmod`.
    package let mode: String?
    /// `--link`: a layer that depends on nothing below.
    package let isLinked: Bool
    /// `--parents`: the directories in front of sources are made.
    package let keepsParents: Bool
    /// `--exclude`: patterns of what is left out.
    package let excluded: [String]
    /// `--checksum` of what a URL has. ADD alone.
    package let checksum: String?
    /// `--keep-git-dir`; nil where it is not given. ADD alone.
    package let keepsGitDirectory: Bool?
    /// `--unpack`; nil where it is not given: local archives are unpacked, those of URLs not. ADD alone.
    package let unpacks: Bool?

    /// A COPY of `sources` to `destination` without any flag.
    package init(sources: [String], destination: String) {
        self.init(
            sources: sources, files: [], destination: destination, from: nil, owner: nil, mode: nil, isLinked: false,
            keepsParents: false, excluded: [], checksum: nil, keepsGitDirectory: nil, unpacks: nil)
    }

    /// The same without `--link`.
    package var unlinked: CopyInstruction {
        CopyInstruction(
            sources: sources, files: files, destination: destination, from: from, owner: owner, mode: mode,
            isLinked: false,
            keepsParents: keepsParents, excluded: excluded, checksum: checksum, keepsGitDirectory: keepsGitDirectory,
            unpacks: unpacks)
    }

    init(
        sources: [String], files: [InlineFile], destination: String, from: String?, owner: String?, mode: String?,
        isLinked: Bool, keepsParents: Bool, excluded: [String], checksum: String?, keepsGitDirectory: Bool?,
        unpacks: Bool?
    ) {
        self.sources = sources
        self.files = files
        self.destination = destination
        self.from = from
        self.owner = owner
        self.mode = mode
        self.isLinked = isLinked
        self.keepsParents = keepsParents
        self.excluded = excluded
        self.checksum = checksum
        self.keepsGitDirectory = keepsGitDirectory
        self.unpacks = unpacks
    }
}
