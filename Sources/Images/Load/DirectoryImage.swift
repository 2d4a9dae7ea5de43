import Bytes
import Errors
import OCI
import Store

/// An image as skopeo's `dir:` and podman's `docker-dir` have it: `manifest.json` is its manifest, or an index, and every blob lies
/// beside it, by the digits of its digest; the manifests of an index with `.manifest.json` behind them.
struct DirectoryImage {
    private let spool: ArchiveSpool
    private let ingest: ImageIngest

    init(_ spool: ArchiveSpool, _ ingest: ImageIngest) {
        self.spool = spool
        self.ingest = ingest
    }

    /// Whether `document`, the content of manifest.json, is that of such a directory: in a docker-archive it is a list.
    static func isManifest(_ document: [UInt8]) -> Bool { document.first { $0 > 32 } == UInt8(ascii: "{") }

    /// The image of `manifest`, the content of manifest.json: of an index the one for `platform` (nil: this machine's, or the only one
    /// that is there). It has no name. Throws for what is no image.
    func image(_ manifest: [UInt8], _ platform: Platform?) throws -> ArchivedImage {
        var bytes = manifest
        var document = try ManifestDocument.ofArchive(bytes, "manifest.json")
        // Indexes nest, if rarely, and could be made to for ever.
        for _ in 0..<4 {
            switch document {
            case .manifest(let manifest):
                return try image(manifest, bytes, document.mediaType)
            case .index(let index):
                var present = index
                present.manifests = index.manifests.filter { spool.has(Self.path(ofManifest: $0.digest)) }
                let only = platform == nil && present.manifests.count == 1 ? present.manifests[0] : nil
                guard let chosen = present.manifest(for: platform ?? .host) ?? only else {
                    throw EngineError(
                        "the directory has no image for \(platform ?? .host): it is for "
                            + "\(present.platforms.map(\.description).joined(separator: ", ").excerpt)", .invalid)
                }
                let path = Self.path(ofManifest: chosen.digest)
                try verify(chosen, path)
                bytes = try ingest.store.read(chosen.digest)
                document = try ManifestDocument.ofArchive(bytes, path, chosen.mediaType)
            }
        }
        throw EngineError("the indexes of the directory are nested too deeply", .invalid)
    }

    private func image(_ manifest: Manifest, _ bytes: [UInt8], _ type: String) throws -> ArchivedImage {
        try verify(manifest.config, manifest.config.digest.hex)
        let config: ImageConfig
        let document = try ingest.store.read(manifest.config.digest)
        do throws(ManifestError) { config = try manifest.imageConfig(document) } catch {
            throw EngineError("the directory's image cannot be used: \(error)", .invalid)
        }
        for layer in manifest.layers { try verify(layer, layer.digest.hex) }
        let descriptor = Descriptor(
            mediaType: type, digest: try ingest.put(bytes), size: Int64(bytes.count), platform: config.platform)
        return ArchivedImage(descriptor: descriptor, manifest: manifest, config: config.outline, names: [])
    }

    private static func path(ofManifest digest: Digest) -> String { "\(digest.hex).manifest.json" }

    private func verify(_ descriptor: Descriptor, _ path: String) throws {
        let blob = try spool.blob(path)
        guard blob.digest == descriptor.digest, blob.size == descriptor.size else {
            throw EngineError(
                "the directory's file \(path) is \(blob.digest) of \(blob.size) bytes where its image names "
                    + "\(descriptor.digest) of \(descriptor.size)", .invalid)
        }
    }
}

extension ManifestDocument {
    /// The document `bytes` of an archive, where it is called `name`. Throws `EngineError` for what is none.
    static func ofArchive(
        _ bytes: [UInt8], _ name: String, _ declaredType: String? = nil
    ) throws(EngineError) -> ManifestDocument {
        do throws(ManifestError) { return try ManifestDocument(bytes, declaredType: declaredType) } catch {
            throw EngineError("the archive's \(name.excerpt) is damaged: \(error)", .invalid)
        }
    }
}
