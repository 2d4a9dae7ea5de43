package import Linux

/// A thing that the cache of builds keeps.
package struct BuildCacheRecord: Sendable {
    /// What it is, by BuildKit's words.
    package enum Kind: String, Sendable, CaseIterable {
        /// The layer of a step.
        case regular
        /// Files of a caller's context.
        case localSource = "source.local"
        /// A git repository.
        case gitCheckout = "source.git.checkout"
        /// What `RUN --mount=type=cache` keeps.
        case cacheMount = "exec.cachemount"
        /// What a build of Docker's own needs.
        case frontend
        /// What the builder keeps for itself.
        case `internal`
    }

    /// What it is called: a word that `builder prune --filter id=` takes.
    package let id: String
    /// What it is.
    package let kind: Kind
    /// What it is for eyes: "[2/3] RUN make".
    package let description: String
    /// What it takes, in bytes.
    package let size: Int64
    /// When it was made.
    package let created: Timestamp
    /// When a build last used it; nil where none did.
    package var lastUsed: Timestamp?
    /// How many builds used it.
    package var useCount = 0
    /// Whether a build uses it now.
    package var isInUse = false
    /// Whether an image has it, too, so that the disk gets nothing back when it goes.
    package var isShared = false
    /// Whether builds write to it.
    package var isMutable = false
    /// The records that it stands on, by their ids.
    package var parents: [String] = []

    package init(id: String, kind: Kind, description: String, size: Int64, created: Timestamp) {
        self.id = id
        self.kind = kind
        self.description = description
        self.size = size
        self.created = created
    }
}

/// What a prune of the cache did.
package struct BuildCacheOutcome: Sendable {
    /// What went.
    package var removed: [BuildCacheRecord] = []
    /// What the disk got back, in bytes.
    package var reclaimed: Int64 = 0
    /// A sentence for each thing that could not be removed.
    package var problems: [String] = []

    package init() {}
}
