package import Errors
import Glibc
package import OCI
import Runtime
package import Store

extension ImageService {
    /// Unpacks the layers of an image that are not there yet, several at once, each in a worker of its own in the
    /// user namespace. `ingest` keeps what is there.
    ///
    /// Blocks the thread. Throws with the layer and the cause; what was unpacked till then stays until the next
    /// sweep.
    package func unpack(_ manifest: Manifest, _ config: ImageConfig, ingest: ImageIngest) throws(EngineError) {
        let diffIDs = config.rootfs.diffIDs
        guard manifest.layers.count == diffIDs.count else {
            throw EngineError(
                "the image's manifest has \(manifest.layers.count) layers where its configuration names "
                    + "\(diffIDs.count)", .invalid)
        }
        let jobs = zip(diffIDs, manifest.layers).map { LayerJob(diffID: $0, blob: $1.digest) }
        try engine {
            try ingest.protect(diffIDs)
            try removeTrees(layers.condemnAbandoned())
            do { try unpack(jobs) } catch {
                // The failed layer's own directory is one of them now.
                try? removeTrees(layers.condemnAbandoned())
                throw error
            }
        }
    }

    /// Unpacks one layer as soon as its blob is in the store, before those below it may be there.
    ///
    /// A layer that needs those below (for a hard link into them) is left to `unpack(_:_:ingest:)`, which must
    /// follow when all blobs are there. Blocks the thread; several may call at once. Throws with the cause.
    package func unpackEarly(_ job: LayerJob, ingest: ImageIngest) throws(EngineError) {
        try engine {
            try ingest.protect([job.diffID])
            let (pending, _) = try layers.tryBegin(job.diffID)
            guard let pending else { return }
            var run = UnpackRun(self, layers)
            try run.start(job, pending)
            _ = try run.finishOne()
        }
    }

    /// Unpacks the layers of an image of the store where they are missing, as after a change from one id to
    /// subordinate ids, or when a directory was removed by hand. Throws as `unpack(_:_:ingest:)`.
    package func unpackMissingLayers(of image: StoredImage) throws(EngineError) {
        let ingest = try engine { try images.beginIngest() }
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

    /// The layers of `jobs`, from the base upwards.
    private func unpack(_ jobs: [LayerJob]) throws {
        let layers = layers
        let width = max(1, min(sysconf(CInt(_SC_NPROCESSORS_ONLN)), 8))
        var run = UnpackRun(self, layers)
        var again: Set<Digest> = []
        var seen: Set<Digest> = []
        for job in jobs where seen.insert(job.diffID).inserted {
            while run.count >= width {
                if let late = try run.finishOne() { again.insert(late.diffID) }
            }
            let (pending, isBusy) = try layers.tryBegin(job.diffID)
            if let pending { try run.start(job, pending) }
            if isBusy { again.insert(job.diffID) }
        }
        while run.count > 0 {
            if let late = try run.finishOne() { again.insert(late.diffID) }
        }
        // In order now: each finds those below it.
        for (place, job) in jobs.enumerated() where again.contains(job.diffID) {
            guard let pending = try layers.begin(job.diffID) else { continue }
            try run.start(job, pending, lowers: jobs[..<place].reversed().map(\.diffID))
            if try run.finishOne() != nil { throw EngineError("layer \(job.blob.short) cannot be unpacked") }
        }
    }
}
