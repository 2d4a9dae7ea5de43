import Archive
import Bytes
import Errors
import JSON
import OCI
import Store

/// The archive of `docker save`: `manifest.json` lists configurations, layers and names. In the legacy layout the
/// layers are `ID/layer.tar`, some of them links to others; since Docker 25 they are `blobs/sha256/…`.
struct DockerArchive {
    private let spool: ArchiveSpool
    private let ingest: ImageIngest

    init(_ spool: ArchiveSpool, _ ingest: ImageIngest) {
        self.spool = spool
        self.ingest = ingest
    }

    /// The images that `manifest`, the content of manifest.json, lists.
    func images(_ manifest: [UInt8]) throws -> [ArchivedImage] {
        let items: [DockerArchiveItem]
        do throws(JSONError) { items = try DockerArchiveItem.list(manifest) } catch {
            throw EngineError("the archive's manifest.json is damaged: \(error)", .invalid)
        }
        let originals = originalManifests()
        return try items.map { item in
            let blob = try spool.blob(item.config)
            let config = try ingest.store.document(ImageConfig.self, blob.digest)
            let names = try (item.repoTags ?? []).map { try Self.name($0) }
            if let original = originals[blob.digest] {
                return ArchivedImage(descriptor: original.0, manifest: original.1, config: config.outline, names: names)
            }
            return try image(item, blob, config, names)
        }
    }

    private static func name(_ text: String) throws(EngineError) -> Reference {
        let reference: Reference
        do throws(ReferenceError) { reference = try Reference(text) } catch {
            throw EngineError("the archive's manifest.json has the name \"\(text.excerpt)\": \(error)", .invalid)
        }
        guard reference.digest == nil else {
            throw EngineError("the archive's manifest.json has the name \"\(text.excerpt)\", which is no tag", .invalid)
        }
        return reference
    }

    private func image(
        _ item: DockerArchiveItem, _ blob: ArchiveSpool.Blob, _ config: ImageConfig, _ names: [Reference]
    ) throws -> ArchivedImage {
        let layers = item.layers ?? []
        let diffIDs = config.rootfs.diffIDs
        guard layers.count == diffIDs.count else {
            throw EngineError(
                "the archive has \(layers.count) layers for image \(blob.digest.short), whose configuration names "
                    + "\(diffIDs.count)", .invalid)
        }
        guard layers.count <= ManifestDocument.layerCountLimit else {
            throw EngineError(
                "the archive's image \(blob.digest.short) has more than \(ManifestDocument.layerCountLimit) layers",
                .invalid)
        }
        var descriptors: [Descriptor] = []
        for (name, diffID) in zip(layers, diffIDs) {
            let layer = try spool.blob(name)
            if layer.compression == .none, layer.digest.algorithm == diffID.algorithm, layer.digest != diffID {
                throw EngineError(
                    "layer \(name) of the archive is \(layer.digest) where the image's configuration names \(diffID)",
                    .invalid)
            }
            descriptors.append(
                Descriptor(
                    mediaType: try layer.compression.layerMediaType(name), digest: layer.digest, size: layer.size))
        }
        let manifest = Manifest(
            config: Descriptor(mediaType: MediaType.ociConfig, digest: blob.digest, size: blob.size),
            layers: descriptors)
        let bytes = try canonicalJSON(manifest)
        let descriptor = Descriptor(
            mediaType: MediaType.ociManifest, digest: try ingest.put(bytes), size: Int64(bytes.count),
            platform: config.platform)
        return ArchivedImage(descriptor: descriptor, manifest: manifest, config: config.outline, names: names)
    }

    /// The manifests of the OCI layout that newer archives have beside, by their configurations: with them an
    /// image keeps the digest that it was saved with.
    private func originalManifests() -> [Digest: (Descriptor, Manifest)] {
        guard let bytes = spool.documents["index.json"],
            let images = try? OCIArchive(spool, ingest).images(bytes, nil)
        else { return [:] }
        return Dictionary(
            images.map { ($0.manifest.config.digest, ($0.descriptor, $0.manifest)) },
            uniquingKeysWith: { first, _ in first })
    }
}

extension Compression {
    /// The media type of a layer that is compressed like this. Throws for compressions that no media type has.
    func layerMediaType(_ name: String) throws(EngineError) -> String {
        switch self {
        case .none: return MediaType.ociLayer
        case .gzip: return MediaType.ociLayerGzip
        case .zstd: return MediaType.ociLayerZstd
        case .xz, .bzip2:
            throw EngineError("layer \(name) is compressed with \(rawValue), which no image may be", .invalid)
        }
    }
}

/// JSON that is the same for the same value.
package func canonicalJSON(_ value: some Encodable) throws -> [UInt8] {
    Array(try JSONTree(encoding: value).text().utf8)
}
