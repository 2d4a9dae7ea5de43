package import OCI
package import Registry

/// How an image is pushed.
package struct PushOptions: Sendable {
    /// The one platform to push of several; nil: all that is here.
    package var platform: Platform?
    /// How many layers are sent at the same time; at least 1.
    package var parallelUploads = 3
    package var registry: RegistryOptions

    /// Options for speaking to registries by `registry`.
    package init(platform: Platform? = nil, registry: RegistryOptions) {
        self.platform = platform
        self.registry = registry
    }

    /// Options with the environment of this process; see `PullOptions.init`.
    package init(platform: Platform? = nil, configuration: String? = nil, agent: String) {
        self.init(platform: platform, registry: PullOptions(configuration: configuration, agent: agent).registry)
    }
}

/// An image that a registry has after a push.
package struct PushedImage: Sendable {
    /// What it was pushed as, which has a tag.
    package let reference: Reference
    /// The manifest, or the index, as the registry has it.
    package let descriptor: Descriptor
}

/// What happens during a push, in an order that can be shown as it is.
package enum PushEvent: Sendable {
    /// A repository begins: the first event.
    case pushing(Reference)
    /// A layer comes into another state. It goes by its diff id, as Docker shows it, or, where it is no layer of an image, by its digest.
    case layer(Digest, LayerState)
    /// Not all that the index lists is here: of it, one manifest is pushed.
    case reduced(index: Digest, to: Digest)
    /// The registry has the image.
    case pushed(PushedImage)

    /// How far one layer has come.
    package enum LayerState: Sendable, Equatable {
        /// It is wanted there, and nothing has begun. Its size in bytes.
        case preparing(size: Int64)
        /// It waits for others.
        case waiting
        /// In bytes.
        case pushing(done: Int64, of: Int64)
        case pushed
        /// The repository had it.
        case alreadyThere
        /// The registry had it in this repository, and took it from there.
        case mounted(from: String)
        /// It is one that must not be distributed, and that others fetch from elsewhere.
        case foreign
    }
}
