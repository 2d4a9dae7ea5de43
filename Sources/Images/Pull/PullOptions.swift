package import OCI
package import Registry

/// How an image is pulled.
package struct PullOptions: Sendable {
    /// The platform to choose of several; nil is this machine's, and then an image for another is taken as it is.
    package var platform: Platform?
    /// How many layers are fetched at the same time, as Docker does it; at least 1.
    package var parallelDownloads = 3
    package var registry: RegistryOptions

    /// Options with the environment of this process. `configuration` is the directory of the client's `config.json`,
    /// where that is not the usual one; `agent` is what the registry is told to be talking to ("apus/1.0").
    package init(platform: Platform? = nil, configuration: String? = nil, agent: String) {
        self.platform = platform
        registry = RegistryOptions()
        registry.userAgent = agent
        if let configuration { registry.environment["DOCKER_CONFIG"] = configuration }
    }
}

/// An image that is in the store after a pull.
package struct PulledImage: Sendable {
    /// What it was pulled as.
    package let reference: Reference
    /// What the registry has under that name: of the index, where there is one.
    package let digest: Digest
    /// The digest of the configuration.
    package let id: Digest
    /// Whether the name led to another image before, or to none.
    package let isNewer: Bool
}

/// What happens during a pull, in an order that can be shown as it is.
package enum PullEvent: Sendable {
    /// An image of the repository begins.
    case pulling(Reference)
    /// A layer, by the digest of its blob, comes into another state.
    case layer(Digest, LayerState)
    /// A tag of the repository, whose images are all wanted, is of something else: of its media type, or that of a list of such things.
    case skipped(Reference, type: String)
    /// The image is in the store.
    case pulled(PulledImage)

    /// How far one layer has come.
    package enum LayerState: Sendable, Equatable {
        /// It is wanted, and nothing has begun. Its size in bytes.
        case pulling(size: Int64)
        /// It waits for others.
        case waiting
        /// In bytes. The first time, what was there before.
        case downloading(done: Int64, of: Int64)
        /// Another process downloads it, and is so far; in bytes.
        case followed(done: Int64, of: Int64)
        case downloaded
        case extracting
        case complete
        /// Nothing had to be done.
        case alreadyThere
    }
}
