import Bytes
import Errors
import Images
import JSON
import OCI

/// A cache as it lies in a layout or at a registry: a manifest whose configuration has the records of steps, and whose layers are theirs.
struct CacheManifest: Sendable {
    /// The records, by the keys of their steps.
    private(set) var steps: [Digest: StepRecord] = [:]
    /// What is there of the layers, by their diff ids.
    private(set) var layers: [Digest: Descriptor] = [:]

    /// The media type of the configuration.
    static let configType = "application/vnd.apus.build.cache.v1+json"
    /// The largest document of a cache that is written and read, in bytes: registries take no larger ones.
    static let documentLimit = ManifestDocument.sizeLimit
    /// The annotation of a layer that has its diff id, as BuildKit and containerd write it.
    static let diffID = ByteKey("containerd.io/uncompressed")

    /// The configuration.
    struct Document: Codable {
        var version = 1
        var steps: [StepRecord]
    }

    /// Reads the cache whose manifest `descriptor` describes. Throws `EngineError` for what is none, or is not whole.
    init(reading descriptor: Descriptor, from place: BlobPlace) throws(EngineError) {
        let bytes = try place.read(descriptor)
        let manifest: Manifest
        do throws(JSONError) { manifest = try JSONTree.decode(from: bytes) } catch {
            throw EngineError("manifest \(descriptor.digest.short) is none of a cache of apus", .invalid)
        }
        guard manifest.config.mediaType == Self.configType else {
            throw EngineError(
                "manifest \(descriptor.digest.short) is none of a cache of apus: its configuration is of the type "
                    + "\"\(manifest.config.mediaType.excerpt)\"", .invalid)
        }
        let document: Document
        let config = try place.read(manifest.config)
        do throws(JSONError) { document = try JSONTree.decode(from: config) } catch {
            throw EngineError("configuration \(manifest.config.digest.short) of a cache is damaged: \(error)", .invalid)
        }
        guard document.version == 1 else {
            throw EngineError("the cache is of version \(document.version), and this apus reads version 1", .invalid)
        }
        for step in document.steps { steps[step.key] = step }
        for layer in manifest.layers where MediaType.isLayer(layer.mediaType) {
            let written = layer.annotations?[Self.diffID]
            guard let diffID = written.map({ Digest($0) }) ?? layer.digest else { continue }
            layers[diffID] = layer
        }
    }

    /// The manifest's bytes, whose configuration is `config` and whose layers `layers`. Throws `EngineError` where it is larger than registries
    /// take one.
    static func encoded(_ config: Descriptor, _ layers: [Descriptor]) throws(EngineError) -> [UInt8] {
        let bytes = try engine { try canonicalJSON(Manifest(config: config, layers: layers)) }
        try check(bytes)
        return bytes
    }

    /// The configuration's bytes with `steps`. Throws as `encoded`.
    static func encoded(_ steps: [StepRecord]) throws(EngineError) -> [UInt8] {
        let bytes = try engine { try canonicalJSON(Document(steps: steps)) }
        try check(bytes)
        return bytes
    }

    private static func check(_ bytes: [UInt8]) throws(EngineError) {
        guard bytes.count <= documentLimit else {
            throw EngineError(
                "the cache has more steps than a manifest can name: write those of the result alone, by mode=min",
                .invalid)
        }
    }
}
