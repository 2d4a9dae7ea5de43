import Bytes
package import Errors
package import OCI
package import Store

extension ImageService {
    /// Takes the image out of `layout` that `reference` names there, a tag or a digest: nil is "latest", or the only one that there is. Of an
    /// index it is the one for `platform`, and nothing of the others is looked at. All of it is verified, and kept by `ingest`; no name leads to
    /// it. `check` ends it by what it throws, `progress` hears of each blob that is there. Throws `EngineError`, also where policy.json does
    /// not let it in.
    package func take(
        _ reference: String?, from layout: LayoutDirectory, platform: Platform, ingest: ImageIngest,
        check: () throws(EngineError) -> Void, progress: (Descriptor) -> Void
    ) throws(EngineError) -> StoredImage {
        try ImageAdmission().check(layout, reference)
        let (descriptor, bytes, manifest) = try layout.manifest(reference, platform)
        let document = try layout.read(manifest.config)
        let config: ImageConfig
        do throws(ManifestError) { config = try manifest.imageConfig(document) } catch {
            throw layout.fault(error.description)
        }
        do throws(StoreError) {
            try ingest.put(bytes, expecting: descriptor.digest)
            try ingest.put(document, expecting: manifest.config.digest)
        } catch { throw EngineError(error) }
        for layer in manifest.layers {
            try layout.take(layer, into: ingest, check: check)
            progress(layer)
        }
        return StoredImage(descriptor, manifest, config)
    }
}

extension LayoutDirectory {
    /// How deep indexes may be nested.
    private static let depthLimit = 4

    /// The manifest that `reference` leads to for `platform`.
    func manifest(
        _ reference: String?, _ platform: Platform
    ) throws(EngineError) -> (descriptor: Descriptor, bytes: [UInt8], manifest: Manifest) {
        var current = try find(reference, platform)
        for _ in 0..<Self.depthLimit {
            let bytes = try read(current)
            let document: ManifestDocument
            do throws(ManifestError) {
                document = try ManifestDocument(bytes, declaredType: current.mediaType)
            } catch { throw fault("\(current.digest): \(error)") }
            switch document {
            case .manifest(let manifest):
                let plain = Descriptor(
                    mediaType: document.mediaType, digest: current.digest, size: Int64(bytes.count),
                    platform: current.platform)
                return (plain, bytes, manifest)
            case .index(let index):
                guard let match = index.manifest(for: platform) else {
                    throw fault(
                        "it has the image for \(index.platforms.map(\.description).joined(separator: ", ").excerpt), and "
                            + "not for \(platform)", .notFound)
                }
                current = match
            }
        }
        throw fault("its indexes are nested too deeply")
    }

    private func find(_ reference: String?, _ platform: Platform) throws(EngineError) -> Descriptor {
        let found = try find(reference)
        // The same name may be there for each platform.
        if found.count > 1, let match = ImageIndex(manifests: found).manifest(for: platform) { return match }
        return found[0]
    }

    /// What `reference` leads to, one at least: a digest, or a tag, of which several may be there for several platforms; nil is the tag
    /// "latest". As with buildx, whatever tag is asked for, the only image that there is serves. Throws `EngineError`.
    package func find(_ reference: String?) throws(EngineError) -> [Descriptor] {
        let all = try descriptors().filter { !$0.isAttestation }
        if let digest = reference.flatMap({ Digest($0) }) {
            if let listed = all.first(where: { $0.digest == digest }) { return [listed] }
            // One that an index of it lists.
            return [Descriptor(mediaType: "", digest: digest, size: try size(of: digest))]
        }
        let tag = reference ?? "latest"
        let named = all.filter { $0.annotations?[ByteKey(Annotation.refName)]?.isSame(as: tag) == true }
        if !named.isEmpty { return named }
        guard all.count == 1 else { throw fault("it has no image with the tag \(tag.excerpt)", .notFound) }
        return all
    }
}
