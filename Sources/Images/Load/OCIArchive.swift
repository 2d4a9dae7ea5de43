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
        // The same image under several names comes once for each.
        var listed: [Digest: Int] = [:]
        var places: [Digest: Int] = [:]
        for descriptor in list.manifests where !descriptor.isAttestation {
            guard MediaType.isIndex(descriptor.mediaType) || MediaType.isManifest(descriptor.mediaType) else {
                continue
            }
            if let place = listed[descriptor.digest] {
                images[place].names += Self.names(descriptor)
                continue
            }
            guard let image = try image(descriptor, platform, depth: 0) else { continue }
            let place = places[image.descriptor.digest] ?? images.count
            if place < images.count { images[place].names += image.names } else { images.append(image) }
            places[image.descriptor.digest] = place
            listed[descriptor.digest] = place
        }
        return images
    }

    private func image(_ descriptor: Descriptor, _ platform: Platform?, depth: Int) throws -> ArchivedImage? {
        try verify(descriptor)
        let bytes = try ingest.store.read(descriptor.digest)
        let path = Self.path(descriptor.digest)
        switch try ManifestDocument.ofArchive(bytes, path, descriptor.mediaType) {
        case .index(let index):
            var present = index
            // An archive of one platform of an image may have the whole index.
            present.manifests = index.manifests.filter { spool.has(Self.path($0.digest)) }
            let only = platform == nil && present.manifests.count == 1 ? present.manifests[0] : nil
            guard depth < 4, let chosen = present.manifest(for: platform ?? .host) ?? only else {
                throw EngineError(
                    "the archive's image \(descriptor.digest.short) is not there for \(platform ?? .host): it is for "
                        + "\(index.platforms.map(\.description).joined(separator: ", ").excerpt)", .invalid)
            }
            var image = try image(chosen, platform, depth: depth + 1)
            image?.names = Self.names(descriptor)
            return image
        case .manifest(let manifest):
            guard manifest.describesImage else { return nil }
            try verify(manifest.config)
            let config: ImageConfig
            let document = try ingest.store.read(manifest.config.digest)
            do throws(ManifestError) { config = try manifest.imageConfig(document) } catch {
                throw EngineError(
                    "the archive's image \(descriptor.digest.short) cannot be used: \(error)", .invalid)
            }
            for layer in manifest.layers { try verify(layer) }
            var plain = Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size)
            plain.platform = config.platform
            return ArchivedImage(
                descriptor: plain, manifest: manifest, config: config.outline, names: Self.names(descriptor))
        }
    }

    private static func path(_ digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }

    private func verify(_ descriptor: Descriptor) throws {
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
        for key in [Annotation.containerdName, Annotation.refName] {
            if let name = annotations[ByteKey(key)], let reference = try? Reference(name), reference.digest == nil {
                return [reference]
            }
        }
        return []
    }
}
