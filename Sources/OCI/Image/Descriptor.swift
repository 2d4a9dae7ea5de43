package import Bytes

/// What points at a blob: its type, digest and size (image-spec, descriptor.md).
package struct Descriptor: Codable, Hashable, Sendable {
    package var mediaType: String
    package var digest: Digest
    /// In bytes.
    package var size: Int64
    package var urls: [String]?
    package var annotations: [ByteKey: String]?
    package var platform: Platform?
    package var artifactType: String?

    package init(
        mediaType: String, digest: Digest, size: Int64, annotations: [ByteKey: String]? = nil, platform: Platform? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
    }

    /// Nothing can be done without a digest; a type that is missing is empty, and a size 0.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        mediaType = try container.decodeIfPresent(String.self, forKey: .mediaType) ?? ""
        digest = try container.decode(Digest.self, forKey: .digest)
        size = try container.decodeIfPresent(Int64.self, forKey: .size) ?? 0
        urls = try container.decodeIfPresent([String].self, forKey: .urls)
        annotations = try container.decodeIfPresent([ByteKey: String].self, forKey: .annotations)
        platform = try container.decodeIfPresent(Platform.self, forKey: .platform)
        artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
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

    /// A part that is missing is empty, as some tools write it.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        architecture = try container.decodeIfPresent(String.self, forKey: .architecture) ?? ""
        os = try container.decodeIfPresent(String.self, forKey: .os) ?? ""
        variant = try container.decodeIfPresent(String.self, forKey: .variant)
        osVersion = try container.decodeIfPresent(String.self, forKey: .osVersion)
        osFeatures = try container.decodeIfPresent([String].self, forKey: .osFeatures)
    }
}

/// Annotation keys of image-spec (annotations.md).
package enum Annotation {
    package static let refName = "org.opencontainers.image.ref.name"
    /// The whole name of an image in a layout, as containerd, Docker and BuildKit write it beside the specification's.
    package static let containerdName = "io.containerd.image.name"
    package static let created = "org.opencontainers.image.created"
}
