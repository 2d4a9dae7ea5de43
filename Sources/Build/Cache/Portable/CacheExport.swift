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

    /// Writes `steps` into `layout`, as `tag`. Throws `EngineError`; what was there before is whole then.
    func write(_ steps: [UsedStep], to layout: LayoutWriter, tag: String) throws(EngineError) {
        let present = try layers(in: layout)
        let manifest = try write(steps) { step, diffID throws(EngineError) in
            try layer(step, diffID, present, layout)
        } put: { bytes, mediaType throws(EngineError) in
            try layout.put(bytes, mediaType)
        }
        try layout.record(manifest, tag: tag) { () throws(EngineError) in try tools.pause() }
        progress("writing cache image manifest \(manifest.digest)")
    }

    /// Writes `steps` into the store, where `ingest` keeps them and no name leads to them; returns what describes the manifest. Throws
    /// `EngineError`.
    func write(_ steps: [UsedStep]) throws(EngineError) -> Descriptor {
        try write(steps) { step, diffID throws(EngineError) in
            try layer(step, diffID)
        } put: { bytes, mediaType throws(EngineError) in
            do throws(StoreError) {
                let digest = try ingest.put(bytes)
                return Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count))
            } catch { throw EngineError(error) }
        }
    }

    private func write(
        _ steps: [UsedStep], layer: (UsedStep, _ diffID: Digest) throws(EngineError) -> Descriptor,
        put: (_ document: [UInt8], _ mediaType: String) throws(EngineError) -> Descriptor
    ) throws(EngineError) -> Descriptor {
        var records: [StepRecord] = []
        var layers: [Descriptor] = []
        var seen: Set<Digest> = []
        for step in steps.sorted(by: { $0.label.key.hex < $1.label.key.hex }) {
            try tools.checkCancellation()
            guard let diffID = step.layer.now.diffID, let entry = try entry(step, diffID) else { continue }
            let layer = try layer(step, diffID)
            records.append(StepRecord(entry, layer: layer.digest))
            if seen.insert(layer.digest).inserted {
                layers.append(layer)
                progress("writing layer \(layer.digest)")
            }
        }
        let config = try put(try CacheManifest.encoded(records), CacheManifest.configType)
        progress("writing config \(config.digest)")
        return try put(try CacheManifest.encoded(config, layers), MediaType.ociManifest)
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
        if let size = present[diffID]?.size, layout.has(descriptor(diffID, size)) { return descriptor(diffID, size) }
        // Layouts have blobs of other algorithms in other places, and none of ours needs one.
        if diffID.algorithm == .sha256, try storedSize(diffID) != nil {
            return descriptor(diffID, try layout.copy(diffID, from: ingest.store))
        }
        let blob = try layout.blob()
        let written = try tools.images.write(step.layer.archive(above: step.lowest), to: blob.descriptor.rawValue)
        try blob.keep(written.digest, size: written.size)
        return descriptor(written.digest, written.size)
    }

    private func layer(_ step: UsedStep, _ diffID: Digest) throws(EngineError) -> Descriptor {
        if let size = try storedSize(diffID) { return descriptor(diffID, size) }
        let written = try tools.write(step.layer.archive(above: step.lowest), to: ingest)
        return descriptor(written.digest, written.size)
    }

    private func descriptor(_ digest: Digest, _ size: Int64) -> Descriptor {
        Descriptor(
            mediaType: MediaType.ociLayer, digest: digest, size: size,
            annotations: [CacheManifest.diffID: digest.description])
    }

    private func storedSize(_ digest: Digest) throws(EngineError) -> Int64? {
        do throws(StoreError) {
            try ingest.protect([digest])
            return try ingest.store.presentSize(of: digest)
        } catch { throw EngineError(error) }
    }
}
