import Glibc
import Linux
package import OCI

/// Removal of what nothing refers to any more, by mark and sweep.
///
/// Roots are the index, the containers' records, and what ingests in progress have written down. Where a root
/// cannot be read, nothing that it might need is removed.
package struct StoreSweep: Sendable {
    /// What a sweep removed, and what is left to do.
    package struct Outcome: Sendable {
        package var blobs: [Digest] = []
        /// The size of `blobs` in bytes.
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
    /// microseconds. Throws `failed` or `corrupt` (an unreadable index): then nothing was removed.
    package func run() throws(StoreError) -> Outcome {
        var outcome = Outcome()
        let containers = ContainerStore(paths)
        let lock = try doing("lock the store") { () throws(SystemError) in try FileLock(paths.sweepLock) }
        defer { lock.descriptor.unlock() }
        outcome.doomed = try containers.sweep()
        let marks = try mark(containers)
        outcome.problems = marks.problems
        for store in [LayerStore(paths, .full), LayerStore(paths, .squashed)] {
            if marks.knowsLayers {
                for layer in try store.all() where !marks.digests.contains(layer) {
                    try store.condemn(layer)
                    if !outcome.layers.contains(layer) { outcome.layers.append(layer) }
                }
            }
            outcome.doomed += store.condemnAbandoned()
        }
        if marks.knowsBlobs { try sweepBlobs(marks.digests, &outcome) }
        HeldFile.sweep(images.temporaries)
        return outcome
    }

    private func sweepBlobs(_ marked: Set<Digest>, _ outcome: inout Outcome) throws(StoreError) {
        for algorithm in Digest.Algorithm.allCases {
            let folder = "\(paths.images)/blobs/\(algorithm.rawValue)"
            for name in (try? Files.list(folder)) ?? [] {
                guard let digest = Digest(algorithm, hex: name), !marked.contains(digest) else { continue }
                let size = images.size(of: digest) ?? 0
                try doing("remove blob \(digest)") { () throws(SystemError) in try Files.unlink(images.path(of: digest))
                }
                outcome.blobs.append(digest)
                outcome.bytes += size
            }
        }
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

    private func mark(_ containers: ContainerStore) throws(StoreError) -> Marks {
        var marks = Marks()
        // Leases come first: an ingest ends when its image is in the index, so it is seen in one or the other.
        for name in (try? Files.list(paths.leases)) ?? [] {
            let path = "\(paths.leases)/\(name)"
            if HeldFile.removeAbandoned(path) { continue }
            if let text = try? Files.readText(path) {
                marks.digests.formUnion(text.split(separator: "\n").compactMap { Digest(String($0)) })
            }
        }
        for entry in try images.readIndex().entries {
            guard let descriptor = entry.descriptor else { continue }
            mark(descriptor, &marks, depth: 0)
        }
        for id in try containers.list() {
            do throws(StoreError) {
                let record = try containers.readRecord(id)
                marks.digests.formUnion(record.layers)
            } catch {
                if case .unknownContainer = error { continue }
                marks.knowsLayers = false
                marks.problems.append(error.description)
            }
        }
        return marks
    }

    private func mark(_ descriptor: Descriptor, _ marks: inout Marks, depth: Int) {
        marks.digests.insert(descriptor.digest)
        // A digest that a lease names is marked, but nobody has followed it.
        guard marks.followed.insert(descriptor.digest).inserted, depth < 8, images.has(descriptor.digest) else {
            return
        }
        do throws(StoreError) {
            switch descriptor.mediaType {
            case let type where MediaType.isIndex(type):
                for manifest in try images.document(ImageIndex.self, descriptor.digest).manifests {
                    mark(manifest, &marks, depth: depth + 1)
                }
            case let type where MediaType.isManifest(type):
                let manifest = try images.document(Manifest.self, descriptor.digest)
                marks.digests.insert(manifest.config.digest)
                marks.digests.formUnion(manifest.layers.map(\.digest))
                if manifest.describesImage, images.has(manifest.config.digest) {
                    markLayers(manifest.config.digest, &marks)
                }
            default: break
            }
        } catch {
            marks.knowsBlobs = false
            marks.knowsLayers = false
            marks.problems.append(error.description)
        }
    }

    private func markLayers(_ config: Digest, _ marks: inout Marks) {
        do throws(StoreError) {
            marks.digests.formUnion(try images.document(ImageConfig.self, config).rootfs.diffIDs)
        } catch {
            marks.knowsLayers = false
            marks.problems.append(error.description)
        }
    }
}
