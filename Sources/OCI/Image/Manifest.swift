package import Bytes

/// An image manifest (image-spec, manifest.md; Docker's schema 2 has the same fields).
package struct Manifest: Codable, Hashable, Sendable {
    package var schemaVersion: Int
    package var mediaType: String?
    package var artifactType: String?
    package var config: Descriptor
    /// From the base upwards.
    package var layers: [Descriptor]
    package var annotations: [ByteKey: String]?

    package init(mediaType: String? = MediaType.ociManifest, config: Descriptor, layers: [Descriptor]) {
        schemaVersion = 2
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
    }

    /// Old tools leave `schemaVersion` out; a manifest without layers is one of an empty image.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        schemaVersion = try container.decodeIfPresent(Int.self, forKey: .schemaVersion) ?? 2
        mediaType = try container.decodeIfPresent(String.self, forKey: .mediaType)
        artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
        config = try container.decode(Descriptor.self, forKey: .config)
        layers = try container.decodeIfPresent([Descriptor].self, forKey: .layers) ?? []
        annotations = try container.decodeIfPresent([ByteKey: String].self, forKey: .annotations)
    }
}

/// An image index (image-spec, image-index.md) or Docker's manifest list.
package struct ImageIndex: Codable, Hashable, Sendable {
    package var schemaVersion: Int
    package var mediaType: String?
    package var manifests: [Descriptor]
    package var annotations: [ByteKey: String]?

    package init(manifests: [Descriptor] = []) {
        schemaVersion = 2
        mediaType = MediaType.ociIndex
        self.manifests = manifests
    }

    /// As `Manifest`'s.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        schemaVersion = try container.decodeIfPresent(Int.self, forKey: .schemaVersion) ?? 2
        mediaType = try container.decodeIfPresent(String.self, forKey: .mediaType)
        manifests = try container.decodeIfPresent([Descriptor].self, forKey: .manifests) ?? []
        annotations = try container.decodeIfPresent([ByteKey: String].self, forKey: .annotations)
    }
}
