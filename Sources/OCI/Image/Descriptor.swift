/// What points at a blob: its type, digest and size (image-spec, descriptor.md).
package struct Descriptor: Codable, Hashable, Sendable {
    package var mediaType: String
    package var digest: Digest
    /// In bytes.
    package var size: Int64
    package var urls: [String]?
    package var annotations: [String: String]?
    package var platform: Platform?
    package var artifactType: String?

    package init(
        mediaType: String, digest: Digest, size: Int64, annotations: [String: String]? = nil, platform: Platform? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
    }
}

/// The machine that an image is for (image-spec, image-index.md, platform).
package struct Platform: Codable, Hashable, Sendable {
    package var architecture: String
    package var os: String
    package var variant: String?
    package var osVersion: String?
    package var osFeatures: [String]?

    enum CodingKeys: String, CodingKey {
        case architecture, os, variant
        case osVersion = "os.version"
        case osFeatures = "os.features"
    }

    package init(os: String = "linux", architecture: String, variant: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
    }
}

/// Annotation keys of image-spec (annotations.md).
package enum Annotation {
    package static let refName = "org.opencontainers.image.ref.name"
    package static let created = "org.opencontainers.image.created"
}
