import Errors
package import OCI
import Registry
import Store

/// All that a registry must have for one name.
struct PushContent: Sendable {
    /// A layer, a configuration, or whatever else a manifest names.
    struct Blob: Sendable {
        let descriptor: Descriptor
        /// What events call it; nil where they do not speak of it.
        let label: Digest?
        /// Whether it is none of the registry's: it has its own addresses.
        let isForeign: Bool
    }

    /// A manifest or an index.
    struct Document: Sendable {
        let descriptor: Descriptor
        let bytes: [UInt8]
    }

    /// Each once; of each image the uppermost layer first, as Docker pushes them.
    private(set) var blobs: [Blob] = []
    /// Each once, behind those that it names: the last is the one that the name is for.
    private(set) var documents: [Document] = []
    /// Manifests that an index names and that are not here.
    private(set) var missing: [Descriptor] = []

    private let images: ImageStore
    private let ingest: ImageIngest
    private var seen: Set<Digest> = []

    /// Reads what is behind `top`, and keeps it from every sweep as long as `ingest` lives. Throws `EngineError`, `StoreError` and
    /// `ManifestError`: for what is damaged, and where `top` is not here.
    init(_ top: Descriptor, in images: ImageStore, _ ingest: ImageIngest) throws {
        self.images = images
        self.ingest = ingest
        try ingest.protect([top.digest])
        try add(top, depth: 0)
    }

    private mutating func add(_ descriptor: Descriptor, depth: Int) throws {
        guard seen.insert(descriptor.digest).inserted else { return }
        let bytes = try images.read(descriptor.digest, limit: ManifestDocument.sizeLimit)
        let document = try ManifestDocument(bytes, declaredType: descriptor.mediaType)
        switch document {
        case .manifest(let manifest): try add(manifest)
        case .index(let index):
            // Indexes nest, if rarely, and could be made to for ever.
            guard depth < 4 else {
                throw EngineError("the indexes of image \(descriptor.digest.short) are nested too deeply", .invalid)
            }
            try ingest.protect(index.manifests.map(\.digest))
            for entry in index.manifests {
                if try images.presentSize(of: entry.digest) == nil {
                    missing.append(entry)
                } else {
                    try add(entry, depth: depth + 1)
                }
            }
        }
        let own = Descriptor(mediaType: document.mediaType, digest: descriptor.digest, size: Int64(bytes.count))
        documents.append(Document(descriptor: own, bytes: bytes))
    }

    private mutating func add(_ manifest: Manifest) throws {
        let parts = [manifest.config] + manifest.layers
        try ingest.protect(parts.map(\.digest))
        let labels = try labels(manifest)
        for (layer, label) in zip(manifest.layers, labels).reversed() where seen.insert(layer.digest).inserted {
            blobs.append(Blob(descriptor: layer, label: label, isForeign: layer.isElsewhere))
        }
        if seen.insert(manifest.config.digest).inserted {
            blobs.append(Blob(descriptor: manifest.config, label: nil, isForeign: false))
        }
    }

    // Docker calls a layer by the digest of its files' archive.
    private func labels(_ manifest: Manifest) throws -> [Digest] {
        let blobs = manifest.layers.map(\.digest)
        guard manifest.describesImage, try images.presentSize(of: manifest.config.digest) != nil else { return blobs }
        let files = try images.document(ImageConfig.self, manifest.config.digest).rootfs.diffIDs
        return files.count == blobs.count ? files : blobs
    }
}

extension Descriptor {
    /// Whether it is a layer that registries need not have: of a type that must not be distributed, with addresses of its own.
    package var isElsewhere: Bool {
        guard urls?.isEmpty == false else { return false }
        return mediaType == MediaType.dockerForeignLayerGzip
            || mediaType.utf8.starts(with: "application/vnd.oci.image.layer.nondistributable.v1.tar".utf8)
    }
}
