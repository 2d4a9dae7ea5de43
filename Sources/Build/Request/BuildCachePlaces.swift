package import OCI

/// Where a build takes what other builds knew of steps (`--cache-from`).
package enum BuildCacheSource: Sendable, Equatable {
    /// A cache at a registry (`--cache-to type=registry`), or an image that brings it along (`type=inline`), by its reference.
    case image(String)
    /// An OCI layout that a build has written it to (`--cache-to type=local`).
    case layout(Layout)

    /// A cache in a layout.
    package struct Layout: Sendable, Equatable {
        /// The layout's directory.
        package var path: String
        /// What it is called there.
        package var tag: String
        /// The digest of its manifest, which counts where it is given.
        package var digest: Digest?

        package init(path: String, tag: String = "latest", digest: Digest? = nil) {
            self.path = path
            self.tag = tag
            self.digest = digest
        }
    }
}

/// Where a build writes what its cache knows of steps (`--cache-to`), and how much of it.
package struct BuildCacheTarget: Sendable, Equatable {
    /// Where it goes.
    package enum Place: Sendable, Equatable {
        /// An OCI layout in a directory, which is made where it is missing, and what it is called there.
        case directory(String, tag: String)
        /// A registry, and what it is called there: a name with a tag.
        case registry(Reference)
    }

    /// Of which steps.
    package enum Extent: String, Sendable {
        /// Those of the stages that the result is made of.
        case result = "min"
        /// All that the build came to.
        case all = "max"
    }

    package var place: Place
    package var extent = Extent.result
    /// Whether a build succeeds that could not write it.
    package var ignoresErrors = false

    package init(_ place: Place) { self.place = place }
}
