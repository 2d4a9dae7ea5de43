import Archive
import Bytes
import Errors
import Images
import JSON
import Linux
import OCI
import Store

/// Writes what the cache knows of steps, with their layers, to where other builds find it.
struct CacheExport {
    let tools: BuildTools
    let ingest: ImageIngest
    let store: BuildCacheStore
    /// Told of each thing that is there: what it is for displays.
    let progress: (String) -> Void

    /// Writes `steps` to `place`. Throws `EngineError`; what was there before is whole then.
    func write(_ steps: [UsedStep], to place: BuildCacheTarget.Place) throws(EngineError) {
        switch place {
        case .directory(let path, let tag): try write(steps, to: try LayoutWriter(path), tag)
        }
    }

    private func write(_ steps: [UsedStep], to layout: LayoutWriter, _ tag: String) throws(EngineError) {
        let present = try layers(in: layout)
        var records: [StepRecord] = []
        var layers: [Descriptor] = []
        var seen: Set<Digest> = []
        for step in steps.sorted(by: { $0.label.key.hex < $1.label.key.hex }) {
            try tools.checkCancellation()
            guard let diffID = step.layer.now.diffID, let entry = try entry(step, diffID) else { continue }
            let layer = try layer(step, diffID, present, layout)
            records.append(StepRecord(entry, layer: layer.digest))
            if seen.insert(layer.digest).inserted {
                layers.append(layer)
                progress("writing layer \(layer.digest)")
            }
        }
        let config = try layout.put(try CacheManifest.encoded(records), CacheManifest.configType)
        progress("writing config \(config.digest)")
        let manifest = try layout.put(try CacheManifest.encoded(config, layers), MediaType.ociManifest)
        try layout.record(manifest, tag: tag) { () throws(EngineError) in try tools.pause() }
        progress("writing cache image manifest \(manifest.digest)")
    }

    // Nil where another build has filed another layer under the key meanwhile, or a prune has removed it.
    private func entry(_ step: UsedStep, _ diffID: Digest) throws(EngineError) -> BuildCacheEntry? {
        do throws(StoreError) {
            guard let entry = try store.entry(step.label.key), entry.layer == diffID else { return nil }
            return entry
        } catch { throw EngineError(error) }
    }

    /// The layers of the caches that are in the layout, by their digests. Their blobs are there whole where they have the sizes that those say.
    private func layers(in layout: LayoutWriter) throws(EngineError) -> [Digest: Descriptor] {
        var result: [Digest: Descriptor] = [:]
        for descriptor in try layout.descriptors().prefix(16) {
            guard let bytes = layout.document(descriptor, limit: CacheManifest.documentLimit) else { continue }
            let manifest: Manifest
            // Others' documents are theirs.
            do throws(JSONError) { manifest = try JSONTree.decode(from: bytes) } catch { continue }
            for layer in manifest.layers where layer.mediaType == MediaType.ociLayer { result[layer.digest] = layer }
        }
        return result
    }

    private func layer(
        _ step: UsedStep, _ diffID: Digest, _ present: [Digest: Descriptor], _ layout: LayoutWriter
    ) throws(EngineError) -> Descriptor {
        func descriptor(_ digest: Digest, _ size: Int64) -> Descriptor {
            Descriptor(
                mediaType: MediaType.ociLayer, digest: digest, size: size,
                annotations: [CacheManifest.diffID: digest.description])
        }
        if let size = present[diffID]?.size, layout.has(descriptor(diffID, size)) { return descriptor(diffID, size) }
        // Layouts have blobs of other algorithms in other places, and none of ours needs one.
        if diffID.algorithm == .sha256, try isStored(diffID) {
            return descriptor(diffID, try layout.copy(diffID, from: ingest.store))
        }
        let blob = try layout.blob()
        let written = try tools.images.write(step.layer.archive(above: step.lowest), to: blob.descriptor.rawValue)
        try blob.keep(written.digest, size: written.size)
        return descriptor(written.digest, written.size)
    }

    private func isStored(_ digest: Digest) throws(EngineError) -> Bool {
        do throws(StoreError) {
            try ingest.protect([digest])
            return try ingest.store.presentSize(of: digest) != nil
        } catch { throw EngineError(error) }
    }
}
