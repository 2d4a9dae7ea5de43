import Bytes
package import Errors
import JSON

/// What a manifest endpoint, a layout's index or an archive can hold: a manifest, or an index of them, checked.
package enum ManifestDocument: Hashable, Sendable {
    case manifest(Manifest)
    case index(ImageIndex)

    /// The largest document that is read, in bytes, and the largest configuration: the limit of the registries.
    package static let sizeLimit = 4 << 20
    /// The largest layer that is believed, in bytes; sums of such sizes cannot overflow.
    package static let layerSizeLimit: Int64 = 1 << 44
    /// The most layers that an image may have: what overlayfs stacks.
    package static let layerCountLimit = 500

    /// Decodes and checks `bytes`. `declaredType` is the media type by which the document was announced; types
    /// that say nothing ("application/json") and nil leave it to the document.
    ///
    /// Throws where it is no such document, is of Docker's schema 1 or of an artifact, contradicts its announced type, is a manifest
    /// and an index at once, or has sizes or counts that cannot be true.
    package init(_ bytes: [UInt8], declaredType: String? = nil) throws(ManifestError) {
        guard bytes.count <= Self.sizeLimit else { throw .tooLarge(Self.sizeLimit) }
        let outline = try Self.decode(Outline.self, from: bytes)
        if outline.schemaVersion == 1 || outline.hasSchema1 { throw .schema1 }
        guard [0, 2].contains(outline.schemaVersion) else { throw .malformed("its schemaVersion is not 2") }
        if outline.hasManifests && (outline.hasLayers || outline.hasConfig) {
            throw .malformed("it is a manifest and an index at once")
        }
        let declared = declaredType.map(Self.bare).flatMap { Self.isKnown($0) ? $0 : nil }
        if let own = outline.mediaType, let declared, own != declared {
            throw .malformed("it was announced as \(declared.excerpt) and says that it is \(own.excerpt)")
        }
        let type = declared ?? outline.mediaType ?? (outline.hasManifests ? MediaType.ociIndex : MediaType.ociManifest)
        if MediaType.isIndex(type) {
            guard outline.hasManifests else { throw .malformed("it is an index without manifests") }
            var index = try Self.decode(ImageIndex.self, from: bytes)
            index.mediaType = type
            for entry in index.manifests { try Self.check(entry, "a manifest", limit: Int64(Self.sizeLimit)) }
            self = .index(index)
        } else if MediaType.isManifest(type) {
            guard outline.hasConfig else { throw .malformed("it is a manifest without config") }
            var manifest = try Self.decode(Manifest.self, from: bytes)
            manifest.mediaType = type
            try Self.check(manifest.config, "the configuration", limit: Int64(Self.sizeLimit))
            for layer in manifest.layers { try Self.check(layer, "a layer", limit: Self.layerSizeLimit) }
            guard manifest.layers.count <= Self.layerCountLimit else {
                throw .malformed("it has more than \(Self.layerCountLimit) layers")
            }
            self = .manifest(manifest)
        } else if type.isSame(as: MediaType.ociArtifact) {
            throw .artifact(outline.artifactType ?? type)
        } else {
            throw .malformed("its media type \(type.excerpt) is unknown")
        }
    }

    /// The media type by which the document was announced or that it says it has; the specification's without
    /// either.
    package var mediaType: String {
        switch self {
        case .manifest(let manifest): manifest.mediaType ?? MediaType.ociManifest
        case .index(let index): index.mediaType ?? MediaType.ociIndex
        }
    }

    private static func decode<Value: Decodable>(_: Value.Type, from bytes: [UInt8]) throws(ManifestError) -> Value {
        do throws(JSONError) { return try JSONTree.decode(from: bytes) } catch { throw .malformed(error.description) }
    }

    private static func check(_ descriptor: Descriptor, _ what: String, limit: Int64) throws(ManifestError) {
        guard descriptor.size >= 0 else {
            throw .malformed("\(what) (\(descriptor.digest)) has the negative size \(descriptor.size)")
        }
        guard descriptor.size <= limit else {
            throw .malformed(
                "\(what) (\(descriptor.digest)) of \(descriptor.size) bytes is larger than the limit of \(limit) bytes")
        }
    }

    /// The type without parameters: "a/b" of "A/b; charset=utf-8".
    private static func bare(_ type: String) -> String {
        String(type.prefix { $0 != ";" && $0 != " " }).lowercased()
    }

    private static func isKnown(_ type: String) -> Bool { MediaType.isIndex(type) || MediaType.isManifest(type) }

    private struct Outline: Decodable {
        var schemaVersion: Int
        var mediaType: String?
        var artifactType: String?
        var hasManifests: Bool
        var hasLayers: Bool
        var hasConfig: Bool
        var hasSchema1: Bool

        enum Key: String, CodingKey {
            case schemaVersion, mediaType, artifactType, manifests, layers, config, fsLayers
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            schemaVersion = try container.decodeIfPresent(Int.self, forKey: .schemaVersion) ?? 0
            let own = try container.decodeIfPresent(String.self, forKey: .mediaType)
            mediaType = own?.isEmpty == true ? nil : own
            let kind = try container.decodeIfPresent(String.self, forKey: .artifactType)
            artifactType = kind?.isEmpty == true ? nil : kind
            hasManifests = container.contains(.manifests)
            hasLayers = container.contains(.layers)
            hasConfig = container.contains(.config)
            hasSchema1 = container.contains(.fsLayers)
        }
    }
}

extension Manifest {
    /// Decodes the configuration that the manifest names and checks it against the manifest.
    ///
    /// Throws where the manifest is of an artifact and no image, a layer is of a type that cannot be unpacked, the
    /// configuration is not JSON of an image, or it lists another number of layers than the manifest.
    package func imageConfig(_ bytes: [UInt8]) throws(ManifestError) -> ImageConfig {
        try checkTypes()
        let config: ImageConfig
        do throws(JSONError) { config = try JSONTree.decode(from: bytes) } catch {
            throw .config("it is no image configuration: \(error)")
        }
        guard config.rootfs.type == "layers" else {
            throw .config("its root file system is of the type \"\(config.rootfs.type.excerpt)\", not \"layers\"")
        }
        guard config.rootfs.diffIDs.count == layers.count else {
            throw .config("it lists \(config.rootfs.diffIDs.count) layers and the manifest \(layers.count)")
        }
        return config
    }

    /// False for artifacts, which have a configuration of another kind.
    package var describesImage: Bool { MediaType.isConfig(config.mediaType) }

    /// Throws where the manifest is of an artifact and no image, or a layer is of a type that cannot be unpacked.
    package func checkTypes() throws(ManifestError) {
        guard describesImage else {
            throw .artifact(artifactType ?? config.mediaType)
        }
        for layer in layers where !MediaType.isLayer(layer.mediaType) { throw .layerType(layer.mediaType) }
    }
}

extension MediaType {
    /// Whether a blob of this type is a layer that can be unpacked. The specification's types for layers that
    /// must not be distributed are layers too.
    package static func isLayer(_ type: String) -> Bool {
        let distributable = type.replacing("nondistributable.", with: "")
        return [
            ociLayer, ociLayerGzip, ociLayerZstd, dockerLayer, dockerLayerGzip, dockerForeignLayerGzip,
            "application/vnd.docker.image.rootfs.diff.tar.zstd", "application/vnd.docker.image.rootfs.foreign.diff.tar",
            // Types that say nothing, as for configurations: the content does.
            "application/octet-stream", "",
        ].contains(distributable)
    }
}

/// A document that cannot be an image's.
package enum ManifestError: KindedError, Equatable, Sendable, CustomStringConvertible {
    case schema1
    /// More bytes than the limit, which is given.
    case tooLarge(Int)
    case malformed(String)
    case config(String)
    /// No image, but something else of this type.
    case artifact(String)
    case layerType(String)

    package var kind: ErrorKind { .invalid }

    package var description: String {
        switch self {
        case .schema1:
            "the manifest is of Docker's schema 1, which is obsolete and not supported: push the image again with a"
                + " current tool"
        case .tooLarge(let limit): "the manifest is larger than \(limit) bytes"
        case .malformed(let cause): "the manifest cannot be used: \(cause)"
        case .config(let cause): "the image configuration cannot be used: \(cause)"
        case .artifact(let type): "this is no container image but an artifact of the type \(type.excerpt)"
        case .layerType(let type): "the layer type \(type.excerpt) is not supported"
        }
    }
}
