import Bytes
import Errors
import JSON
import OCI
import Store

/// An OCI image layout in an archive (image-layout.md): `index.json` and `blobs/`.
struct OCIArchive {
    private let spool: ArchiveSpool
    private let ingest: ImageIngest

    init(_ spool: ArchiveSpool, _ ingest: ImageIngest) {
        self.spool = spool
        self.ingest = ingest
    }

    /// The images that `index`, the content of index.json, lists: for a nested index the one for `platform` (nil:
    /// this machine's).
    func images(_ index: [UInt8], _ platform: Platform?) throws -> [ArchivedImage] {
        let list: ImageIndex
        do throws(JSONError) { list = try JSONTree.decode(from: index) } catch {
            throw EngineError("the archive's index.json is damaged: \(error)", .invalid)
        }
        var images: [ArchivedImage] = []
        for descriptor in list.manifests where !descriptor.isAttestation {
            guard MediaType.isIndex(descriptor.mediaType) || MediaType.isManifest(descriptor.mediaType) else {
                continue
            }
            guard let image = try image(descriptor, platform, depth: 0) else { continue }
            // The same image under several names comes once for each.
            if let place = images.firstIndex(where: { $0.descriptor.digest == image.descriptor.digest }) {
                images[place].names += image.names.filter { !images[place].names.contains($0) }
            } else {
                images.append(image)
            }
        }
        return images
    }

    private func image(_ descriptor: Descriptor, _ platform: Platform?, depth: Int) throws -> ArchivedImage? {
        try verify(descriptor)
        if MediaType.isIndex(descriptor.mediaType) {
            let index = try ingest.store.document(ImageIndex.self, descriptor.digest)
            var present = index
            // An archive of one platform of an image may have the whole index.
            present.manifests = index.manifests.filter { spool.blobs[Self.path($0.digest)] != nil }
            let only = platform == nil && present.manifests.count == 1 ? present.manifests[0] : nil
            guard depth < 4, let chosen = present.manifest(for: platform ?? .host) ?? only else {
                throw EngineError(
                    "the archive's image \(descriptor.digest.short) is not there for \(platform ?? .host): it is for "
                        + "\(index.platforms.map(\.description).joined(separator: ", ").excerpt)", .invalid)
            }
            var image = try image(chosen, platform, depth: depth + 1)
            image?.names = Self.names(descriptor)
            return image
        }
        let manifest = try ingest.store.document(Manifest.self, descriptor.digest)
        guard manifest.describesImage else { return nil }
        try verify(manifest.config)
        for layer in manifest.layers { try verify(layer) }
        let config = try ingest.store.document(ImageConfig.self, manifest.config.digest)
        var plain = Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size)
        plain.platform = config.platform
        return ArchivedImage(descriptor: plain, manifest: manifest, config: config, names: Self.names(descriptor))
    }

    private static func path(_ digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }

    private func verify(_ descriptor: Descriptor) throws(EngineError) {
        let blob = try spool.blob(Self.path(descriptor.digest))
        guard blob.size == descriptor.size else {
            throw EngineError(
                "blob \(descriptor.digest) of the archive has \(blob.size) bytes where its descriptor names "
                    + "\(descriptor.size)", .invalid)
        }
    }

    /// The full name that Docker and containerd give beside the tag, else what the layout calls the image, where
    /// that is a reference.
    private static func names(_ descriptor: Descriptor) -> [Reference] {
        let annotations = descriptor.annotations ?? [:]
        for key in ["io.containerd.image.name", Annotation.refName] {
            if let name = annotations[key], let reference = try? Reference(name), reference.digest == nil {
                return [reference]
            }
        }
        return []
    }
}
