import Bytes
import Glibc
import Linux
package import OCI

/// Removal of what nothing refers to any more, by mark and sweep.
///
/// Roots are the index, the containers' records, the cache of builds, and what ingests in progress have written down. All is read before
/// anything goes: where something cannot be read, nothing is removed. Where a root can be read and is damaged, nothing
/// that it might need is removed.
package struct StoreSweep: Sendable {
    /// What a sweep removed, and what is left to do.
    package struct Outcome: Sendable {
        package var blobs: [Digest] = []
        /// The bytes of content that the disk got back: so far those of `blobs` and of half-written files.
        package var bytes: Int64 = 0
        package var layers: [Digest] = []
        /// Directories to remove in the user namespace: nobody needs them.
        package var doomed: [String] = []
        /// Why something was left alone, a sentence each.
        package var problems: [String] = []
    }

    package let paths: StorePaths
    private let images: ImageStore

    package init(_ paths: StorePaths) {
        self.paths = paths
        images = ImageStore(paths)
    }

    /// Sweeps everything. Waits for starts and ingests that are just making references, which takes them
    /// microseconds. Throws `failed` with the name of what cannot be read, or `corrupt` (a damaged index): then nothing was
    /// removed.
    package func run() throws(StoreError) -> Outcome {
        var outcome = Outcome()
        let containers = ContainerStore(paths)
        let lock = try doing("lock the store") { () throws(SystemError) in try FileLock(paths.sweepLock) }
        defer { lock.descriptor.unlock() }
        let garbage = try containers.findGarbage()
        let marks = try mark(containers, Roots())
        outcome.problems = marks.problems
        let blobs = marks.knowsBlobs ? try unmarkedBlobs(marks.digests) : []
        let stores = [LayerStore(paths, .full), LayerStore(paths, .squashed)]
        var unmarked: [[Digest]] = []
        var abandoned: [LayerStore.Abandoned] = []
        for store in stores {
            let layers = marks.knowsLayers ? try store.all().filter { !marks.digests.contains($0) } : []
            unmarked.append(layers)
            abandoned.append(try store.findAbandoned(leaving: layers))
        }

        // All that there is has been read.
        func problem(_ error: StoreError) { outcome.problems.append(error.description) }
        outcome.doomed = containers.remove(garbage, problem: problem)
        // After the containers, since some go with those.
        do throws(StoreError) { outcome.doomed += try VolumeStore(paths).sweep(problem: problem) } catch {
            problem(error)
        }
        for (place, store) in stores.enumerated() {
            for layer in unmarked[place] {
                outcome.doomed.append(try store.condemn(layer))
                if !outcome.layers.contains(layer) { outcome.layers.append(layer) }
            }
            outcome.doomed += store.condemn(abandoned[place], problem: problem)
        }
        for blob in blobs {
            try doing("remove blob \(blob.digest)") { () throws(SystemError) in
                try Files.unlink(images.path(of: blob.digest))
            }
            outcome.blobs.append(blob.digest)
            outcome.bytes += blob.size
        }
        do throws(StoreError) { try ManifestListStore(paths).sweep() } catch { problem(error) }
        for folder in [paths.leases, images.temporaries] {
            do throws(StoreError) {
                try doing("sweep \(folder)") { () throws(SystemError) in outcome.bytes += try HeldFile.sweep(folder) }
            } catch { problem(error) }
        }
        do throws(StoreError) { outcome.bytes += try images.removePartials() } catch { problem(error) }
        return outcome
    }

    private func unmarkedBlobs(_ marked: Set<Digest>) throws(StoreError) -> [(digest: Digest, size: Int64)] {
        var found: [(Digest, Int64)] = []
        for algorithm in Digest.Algorithm.allCases {
            for name in try images.blobs(algorithm) {
                guard let digest = Digest(algorithm, hex: name), !marked.contains(digest) else { continue }
                found.append((digest, try images.presentSize(of: digest) ?? 0))
            }
        }
        return found
    }

    private struct Marks {
        var digests: Set<Digest> = []
        /// The documents of `digests` whose own references are in it too.
        var followed: Set<Digest> = []
        var problems: [String] = []
        /// Whether every root could be followed to its blobs, and to its layers.
        var knowsBlobs = true
        var knowsLayers = true
    }

    /// Which of the roots count.
    private struct Roots {
        var hasCache = true
        /// By their ids; nil: all.
        var image: ((Digest) -> Bool)?
        var container: (String) -> Bool = { _ in true }
    }

    /// What the disk has, and what of it would be needed by less than there is.
    package struct Inventory: Sendable {
        /// All blobs, with their sizes in bytes.
        package var blobs: [Digest: Int64] = [:]
        /// What images and containers need, whatever the cache of builds has.
        package var needed: Set<Digest> = []
        /// What of that would be left without the images and the containers that could go.
        package var kept: Set<Digest> = []
        /// The layers that the cache of builds has.
        package var cached: Set<Digest> = []
    }

    /// Looks at all that there is, and at what would be left if of the images those alone stayed that `keepsImage` lets through, of the containers
    /// those that `keepsContainer` does, and nothing of the cache of builds. Throws as `run()`, and changes nothing.
    package func inventory(
        keepsImage: @escaping (Digest) -> Bool, keepsContainer: @escaping (String) -> Bool
    ) throws(StoreError) -> Inventory {
        let containers = ContainerStore(paths)
        let lock = try images.holdOffSweeps()
        defer { lock.descriptor.unlock() }
        var inventory = Inventory()
        for blob in try unmarkedBlobs([]) { inventory.blobs[blob.digest] = blob.size }
        inventory.needed = try mark(containers, Roots(hasCache: false)).digests
        inventory.kept =
            try mark(containers, Roots(hasCache: false, image: keepsImage, container: keepsContainer)).digests
        for ownership in [LayerStore.Ownership.full, .squashed] {
            for entry in try BuildCacheStore(paths, ownership).entries() { inventory.cached.insert(entry.directory) }
        }
        return inventory
    }

    private func mark(_ containers: ContainerStore, _ roots: Roots) throws(StoreError) -> Marks {
        var marks = Marks()
        // Leases come first: an ingest ends when its image is in the index, so it is seen in one or the other.
        marks.digests.formUnion(try images.leased())
        for ownership in [LayerStore.Ownership.full, .squashed] where roots.hasCache {
            for entry in try BuildCacheStore(paths, ownership).entries() { marks.digests.insert(entry.directory) }
        }
        let index = try images.readIndex()
        let keepsImage = roots.image ?? { _ in true }
        let gone =
            roots.image == nil
            ? [] : Set(images.resolveAll(index).entries.filter { !keepsImage($0.id) }.map(\.entry))
        for entry in index.entries where !gone.contains(entry) {
            guard let descriptor = entry.descriptor else { continue }
            try mark(descriptor, &marks, depth: 0)
        }
        marks.digests.formUnion(
            try ManifestListStore(paths).blobs { error in
                marks.knowsBlobs = false
                marks.problems.append(error.description)
            })
        for id in try containers.list() where roots.container(id) {
            do throws(StoreError) {
                let record = try containers.readRecord(id)
                marks.digests.formUnion(record.layers)
                marks.digests.formUnion(record.mountedLayers)
            } catch {
                if case .unknownContainer = error { continue }
                if case .failed = error { throw error }
                marks.knowsLayers = false
                marks.problems.append(error.description)
            }
        }
        return marks
    }

    private func mark(_ descriptor: Descriptor, _ marks: inout Marks, depth: Int) throws(StoreError) {
        marks.digests.insert(descriptor.digest)
        // A digest that a lease names is marked, but nobody has followed it.
        guard marks.followed.insert(descriptor.digest).inserted, depth < 8,
            try images.presentSize(of: descriptor.digest) != nil
        else { return }
        do throws(StoreError) {
            switch descriptor.mediaType {
            case let type where MediaType.isIndex(type):
                for manifest in try images.document(ImageIndex.self, descriptor.digest).manifests {
                    try mark(manifest, &marks, depth: depth + 1)
                }
            case let type where MediaType.isManifest(type):
                let manifest = try images.document(Manifest.self, descriptor.digest)
                marks.digests.insert(manifest.config.digest)
                marks.digests.formUnion(manifest.layers.map(\.digest))
                if manifest.describesImage, try images.presentSize(of: manifest.config.digest) != nil {
                    try markLayers(manifest.config.digest, &marks)
                }
            default: break
            }
        } catch {
            if case .failed = error { throw error }
            marks.knowsBlobs = false
            marks.knowsLayers = false
            marks.problems.append(error.description)
        }
    }

    private func markLayers(_ config: Digest, _ marks: inout Marks) throws(StoreError) {
        do throws(StoreError) {
            marks.digests.formUnion(
                try images.document(ImageConfig.self, config).rootfs.imageLayers.flatMap(\.names))
        } catch {
            if case .failed = error { throw error }
            marks.knowsLayers = false
            marks.problems.append(error.description)
        }
    }
}
