/// An image manifest (image-spec, manifest.md; Docker's schema 2 has the same fields).
package struct Manifest: Codable, Hashable, Sendable {
    package var schemaVersion: Int
    package var mediaType: String?
    package var artifactType: String?
    package var config: Descriptor
    /// From the base upwards.
    package var layers: [Descriptor]
    package var annotations: [String: String]?

    package init(mediaType: String? = MediaType.ociManifest, config: Descriptor, layers: [Descriptor]) {
        schemaVersion = 2
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
    }
}

/// An image index (image-spec, image-index.md) or Docker's manifest list.
package struct ImageIndex: Codable, Hashable, Sendable {
    package var schemaVersion: Int
    package var mediaType: String?
    package var manifests: [Descriptor]
    package var annotations: [String: String]?

    package init(manifests: [Descriptor] = []) {
        schemaVersion = 2
        mediaType = MediaType.ociIndex
        self.manifests = manifests
    }
}
