import Archive
import Bytes
import Errors
import Images
import Linux
import OCI
import Store
import Supervision

/// Makes an image of the store of what a build has come to.
struct ImageExport {
    let request: BuildRequest
    let tools: BuildTools
    let ingest: ImageIngest
    let cache: BuildCacheStore

    /// What an image is made of.
    struct Parts {
        var descriptor: Descriptor
        var config: Digest
    }

    private static let comment = "buildkit.dockerfile.v0"

    /// Makes manifest and configuration of `plan`'s result; no name leads to them yet. Throws `EngineError`.
    func make(
        _ plan: BuildPlan, _ result: StageResult, annotations: [(key: String, value: String)]
    ) throws(EngineError) -> Parts {
        try engine {
            let base = baseImage(plan)
            let count = base?.manifest.layers.count ?? 0
            var layers = base?.manifest.layers.map { $0.asOCILayer } ?? []
            var config = base?.config ?? ImageConfig(architecture: plan.platform.architecture, diffIDs: [])
            var isRewritten = false
            let isSquashed = request.squashes && result.layers.count > count + 1
            func add(_ written: (digest: Digest, size: Int64)) {
                layers.append(Descriptor(mediaType: MediaType.ociLayer, digest: written.digest, size: written.size))
                config.rootfs.diffIDs.append(written.digest)
            }
            if isSquashed {
                add(try archive(squashing: Array(result.layers[count...])))
                isRewritten = true
            } else {
                for (place, layer) in result.layers.enumerated().dropFirst(count) {
                    let written = try archive(of: layer, lowest: place > 0 ? result.layers[0] : nil)
                    if written.digest != layer.now.diffID { isRewritten = true }
                    add(written)
                }
            }
            apply(plan, result, base, isSquashed: isSquashed, to: &config)
            let document = try canonicalJSON(config)
            var manifest = Manifest(
                config: Descriptor(
                    mediaType: MediaType.ociConfig, digest: try ingest.put(document), size: Int64(document.count)),
                layers: layers)
            if !annotations.isEmpty {
                manifest.annotations = [:]
                for pair in annotations { manifest.annotations?[ByteKey(pair.key)] = pair.value }
            }
            // Layers that are others in the image than on the disk are of no step that another build would come to.
            if request.inlinesCache, !isRewritten {
                let inline = try InlineCache(result.layers, cache)
                if !inline.steps.isEmpty {
                    manifest.annotations = (manifest.annotations ?? [:]).merging([
                        InlineCache.annotation: try inline.text()
                    ]) { $1 }
                }
            }
            // What was made of other times is there by other names.
            if isRewritten { try tools.images.unpack(manifest, config, ingest: ingest) }
            let bytes = try canonicalJSON(manifest)
            return Parts(
                descriptor: Descriptor(
                    mediaType: MediaType.ociManifest, digest: try ingest.put(bytes), size: Int64(bytes.count),
                    platform: plan.platform),
                config: manifest.config.digest)
        }
    }

    /// The image that the target stands on; nil where it stands on none.
    private func baseImage(_ plan: BuildPlan) -> StoredImage? {
        var number = plan.target
        while true {
            switch plan.stage(number).base {
            case .image(let image): return image.image
            case .stage(let other): number = other
            case .scratch, .context: return nil
            }
        }
    }

    /// The archive of `layer`, which is written where the store does not have it.
    private func archive(of layer: BuildLayer, lowest: BuildLayer?) throws(EngineError) -> (digest: Digest, size: Int64)
    {
        let state = layer.now
        if request.epoch == nil || !request.rewritesTimes, let diffID = state.diffID {
            let size = try engine { () throws(StoreError) in
                try ingest.protect([diffID])
                return try ingest.store.presentSize(of: diffID)
            }
            if let size { return (diffID, size) }
        }
        var archive = layer.archive(above: lowest)
        if request.rewritesTimes { archive.epoch = request.epoch.map { Int($0) } }
        let written = try tools.write(archive, to: ingest)
        return (written.digest, written.size)
    }

    /// The archive of what `layers` are together.
    private func archive(squashing layers: [BuildLayer]) throws(EngineError) -> (digest: Digest, size: Int64) {
        let stack = StageResult(layers: layers, key: StageResult.nothing.key)
        var archive = TreeArchive(
            form: .squashed, directories: stack.directories.reversed(), mountPlaces: MountPoints.places)
        if request.rewritesTimes { archive.epoch = request.epoch.map { Int($0) } }
        let written = try tools.write(archive, to: ingest)
        return (written.digest, written.size)
    }

    private func apply(
        _ plan: BuildPlan, _ result: StageResult, _ base: StoredImage?, isSquashed: Bool, to config: inout ImageConfig
    ) {
        let stage = plan.stage(plan.target).configuration
        // That of the build, whatever its last FROM says, as with BuildKit.
        let platform = plan.platform
        (config.architecture, config.os, config.variant) = (platform.architecture, platform.os, platform.variant)
        config.parent = nil
        config.comment = nil
        config.author = stage.author
        var container = stage.config
        for label in request.labels {
            container.labels = (container.labels ?? [:]).merging([ByteKey(label.key): label.value]) { $1 }
        }
        config.config = container
        let epoch = request.epoch.map { Timestamp(seconds: Int($0)).shortRFC3339 }
        // What changes the configuration alone is as old as the layer in front of it, and in front of the first new one as that: the same
        // build from the cache is the same image.
        let first = stage.history.lazy.compactMap { entry in entry.step.flatMap { result.made[$0]?.now.created } }.first
        var time = epoch ?? first ?? base?.config.history?.last?.created ?? base?.config.created
        var history = config.history ?? []
        // The one layer of many is the last one's.
        let last = stage.history.lastIndex { $0.step != nil }
        for (place, entry) in stage.history.enumerated() {
            if epoch == nil, let step = entry.step, let created = result.made[step]?.now.created { time = created }
            if time == nil { time = Timestamp.now().rfc3339 }
            history.append(
                ImageConfig.History(
                    created: time, createdBy: entry.createdBy, comment: Self.comment,
                    emptyLayer: entry.step == nil || isSquashed && place != last ? true : nil))
        }
        config.history = history
        config.created = time ?? Timestamp.now().rfc3339
    }
}

extension ImageExport {
    /// The image itself where there is one, else an index over all of them. Throws `EngineError`.
    func joined(_ parts: [Parts]) throws(EngineError) -> Parts {
        if parts.count == 1 { return parts[0] }
        return try engine {
            var index = ImageIndex()
            index.mediaType = MediaType.ociIndex
            index.manifests = parts.map(\.descriptor)
            let bytes = try canonicalJSON(index)
            let digest = try ingest.put(bytes)
            return Parts(
                descriptor: Descriptor(mediaType: MediaType.ociIndex, digest: digest, size: Int64(bytes.count)),
                config: digest)
        }
    }
}
