import Archive
package import Errors
import Glibc
package import Linux
package import OCI
import Runtime
package import Store

extension ImageService {
    /// Unpacks the layers of an image that are not there yet, several at once, each in a worker of its own in the
    /// user namespace, and settles them with the layers below them. `ingest` keeps what is there.
    ///
    /// Blocks the thread. Throws with the layer and the cause; what was unpacked till then stays until the next
    /// sweep.
    package func unpack(_ manifest: Manifest, _ config: ImageConfig, ingest: ImageIngest) throws(EngineError) {
        try unpack(manifest, config, ingest: ingest, unpacked: UnpackedLayers(self))
    }

    /// As `unpack(_:_:ingest:)`, and settles those of `unpacked`, from `unpackEarly`, too.
    func unpack(
        _ manifest: Manifest, _ config: ImageConfig, ingest: ImageIngest, unpacked: UnpackedLayers
    ) throws(EngineError) {
        let places = config.rootfs.imageLayers
        guard manifest.layers.count == places.count else {
            throw EngineError(
                "the image's manifest has \(manifest.layers.count) layers where its configuration names "
                    + "\(places.count)", .invalid)
        }
        let jobs = zip(places, manifest.layers).map { LayerJob($0, blob: $1.digest) }
        try engine {
            try ingest.protect(places.flatMap(\.names))
            try removeTrees(layers.condemnAbandoned())
            do { try unpack(jobs, unpacked) } catch {
                // The failed layer's own directory is one of them now.
                _ = try? removeTrees(layers.condemnAbandoned())
                throw error
            }
        }
    }

    /// Unpacks one layer as soon as its blob is in the store, before those below it may be there. It becomes one of
    /// `unpacked` where it must be settled with them by `unpack(_:_:ingest:unpacked:)`, which must follow when all blobs are
    /// there, also for a layer that somebody else is unpacking.
    ///
    /// Blocks the thread; several may call at once. Throws with the cause.
    func unpackEarly(
        _ job: LayerJob, ingest: ImageIngest, unpacked: UnpackedLayers
    ) throws(EngineError) {
        try unpackEarly(job, .stored, ingest: ingest, unpacked: unpacked) { () throws(StoreError) in
            try images.open(job.blob)
        }
    }

    /// As `unpackEarly(_:ingest:unpacked:)`, of the archive that `opening` opens, which need not be in the store, nor whole: what it is when it has
    /// been read must have the layer's diff id. One that is arriving is not waited for by others: it fails where it would have to wait for memory.
    func unpackEarly(
        _ job: LayerJob, _ source: UnpackLayersWorker.Source, ingest: ImageIngest, unpacked: UnpackedLayers,
        opening: () throws -> FileDescriptor
    ) throws(EngineError) {
        try engine {
            try ingest.protect(job.layer.names)
            let (pending, _) = try layers.tryBegin(job.layer)
            guard let pending else { return }
            let archive = try opening()
            var run = UnpackRun(self, layers, unpacked.workers)
            try run.start(job, pending, reading: archive, source)
            endLifetime(archive)
            let layer = try run.finishOne()
            if layer.looseEnds.isEmpty {
                try layer.pending.commit(size: layer.size)
            } else {
                unpacked.add(layer)
            }
        }
    }

    /// Unpacks the archive that `opening` opens, compressed or not, as `layer` on `below`, the lowest first, which are all there; `ingest` keeps it.
    /// The archive need not be in the store: what it is when it is read must have the layer's diff id.
    ///
    /// Blocks the thread. Throws with the layer and the cause.
    package func unpack(
        _ layer: ImageLayer, on below: [ImageLayer], ingest: ImageIngest,
        opening: () throws(EngineError) -> FileDescriptor
    ) throws(EngineError) {
        try engine {
            try ingest.protect(layer.names)
            guard let pending = try layers.begin(layer) else { return }
            let archive = try opening()
            var run = UnpackRun(self, layers)
            try run.start(LayerJob(layer, blob: layer.diffID), pending, reading: archive)
            let unpacked = try run.finishOne()
            guard let lowers = layers.find(below) else {
                throw EngineError(
                    "a layer below \(layer.diffID.short) was removed while it was being unpacked", .conflict)
            }
            try run.settle(unpacked, on: lowers.reversed())
        }
    }

    /// Removes what unpackings left that came to nothing. Blocks the thread. Throws `EngineError`.
    package func removeAbandonedLayers() throws(EngineError) {
        _ = try engine { try removeTrees(layers.condemnAbandoned()) }
    }

    /// Unpacks the layers of an image of the store where they are missing, as after a change from one id to
    /// subordinate ids, or when a directory was removed by hand. Throws as `unpack(_:_:ingest:)`.
    package func unpackMissingLayers(of image: StoredImage) throws(EngineError) {
        let ingest = try engine { try images.beginIngest() }
        defer { ingest.end() }
        try unpack(image.manifest, image.config, ingest: ingest)
    }

    /// What `run` needs of the image `reference`, with all layers unpacked for this user: the way to take where
    /// `ImageStore.launchRecord` has none, or one whose layers are not there as they are needed. Throws
    /// where there is no such image.
    package func prepareLaunch(_ reference: String, platform: String? = nil) throws(EngineError) -> LaunchRecord {
        let ownership = layers.ownership
        let record = try engine { try images.makeLaunchRecord(for: reference, platform: platform) }
        if record.isUnpacked(ownership) { return record }
        return try engine {
            let wanted = try platform.map { try Platform(parsing: $0) }
            try unpackMissingLayers(of: try images.image(reference, platform: wanted))
            return try images.makeLaunchRecord(for: reference, platform: platform)
        }
    }

    /// The layers of `jobs`, from the base upwards, of which some are `unpacked`.
    private func unpack(_ jobs: [LayerJob], _ unpacked: UnpackedLayers) throws {
        let layers = layers
        let width = max(1, min(sysconf(CInt(_SC_NPROCESSORS_ONLN)), 8))
        var run = UnpackRun(self, layers, unpacked.workers)
        // By diff id: what is not settled yet is the same wherever it comes.
        var held: [Digest: UnpackedLayer] = [:]
        for layer in unpacked.takeAll() { held[layer.job.layer.diffID] = layer }
        /// A layer that needs none below it has its name as soon as it can.
        func keep(_ layer: UnpackedLayer) throws {
            if layer.looseEnds.isEmpty {
                try layer.pending.commit(size: layer.size)
            } else {
                held[layer.job.layer.diffID] = layer
            }
        }
        var seen = Set(held.keys)
        for job in jobs where seen.insert(job.layer.diffID).inserted {
            while run.count >= width { try keep(run.finishOne()) }
            if let pending = try layers.tryBegin(job.layer).pending { try run.start(job, pending) }
        }
        while run.count > 0 { try keep(run.finishOne()) }
        // In order now: each finds those below it.
        for (place, job) in jobs.enumerated() {
            let diffID = job.layer.diffID
            if held[diffID] == nil {
                var (pending, isBusy) = try layers.tryBegin(job.layer)
                if isBusy {
                    // Who is at it may be waiting for one of ours: nobody waits for a layer while holding one with a
                    // greater name.
                    for name in held.keys where name.description > diffID.description { held[name] = nil }
                    pending = try layers.begin(job.layer)
                }
                guard let pending else { continue }
                try run.start(job, pending)
                held[diffID] = try run.finishOne()
            }
            if let layer = held.removeValue(forKey: diffID) {
                guard let below = layers.find(jobs[..<place].map(\.layer)) else {
                    throw EngineError(
                        "a layer below \(job.blob.short) was removed while it was being unpacked", .conflict)
                }
                try run.settle(layer, on: below.reversed())
            }
        }
        // What was given up above, for others.
        try removeTrees(layers.condemnAbandoned())
    }
}
