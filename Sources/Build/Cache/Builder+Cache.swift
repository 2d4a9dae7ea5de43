import ContainerSpec
package import Errors
import Glibc
import Images
import Linux
import OCI
import Store
import Workers

extension Builder {
    private var caches: CacheMounts { CacheMounts(paths, executable: executable) }

    private var steps: BuildCacheStore { BuildCacheStore(paths, images.layers.ownership) }

    /// What the cache has: layers of steps, and what `RUN --mount=type=cache` keeps. Throws where that cannot be seen.
    package func cacheUsage() throws(EngineError) -> [BuildCacheRecord] { try contents().map(\.record) }

    /// Something that the cache has.
    private struct Content {
        enum Place {
            case step(Digest)
            case mount(CacheMounts.Copy)
        }

        var record: BuildCacheRecord
        let place: Place
    }

    private func contents() throws(EngineError) -> [Content] {
        try engine {
            var result: [Content] = []
            let shared = try layersOfImages()
            let layers = images.layers
            for entry in try steps.entries() {
                // Its layer went with an older version's sweep, or by hand.
                guard layers.has(entry.directory) else { continue }
                var record = BuildCacheRecord(
                    id: String(entry.key.hex.prefix(25)), kind: .regular, description: entry.description,
                    size: entry.size, created: entry.created)
                record.lastUsed = entry.lastUsed
                record.useCount = Int(clamping: entry.useCount)
                record.isShared = shared.contains(entry.directory)
                record.isInUse = try isHeld(entry.key)
                result.append(Content(record: record, place: .step(entry.key)))
            }
            for copy in try caches.list() {
                let (directory, number) = (Files.split(copy.path).parent, Files.split(copy.path).name)
                var record = BuildCacheRecord(
                    id: Files.split(directory).name.prefix(24) + number, kind: .cacheMount,
                    description: "cached mount \(copy.id)", size: copy.size, created: copy.lastUse)
                record.lastUsed = copy.lastUse
                record.isInUse = copy.isInUse
                record.isMutable = true
                result.append(Content(record: record, place: .mount(copy)))
            }
            return result
        }
    }

    private func isHeld(_ key: Digest) throws -> Bool {
        guard let lock = try steps.tryLock(key) else { return true }
        endLifetime(lock)
        return false
    }

    /// The names of all layers that images have.
    private func layersOfImages() throws -> Set<Digest> {
        var result: Set<Digest> = []
        for image in try images.images.images().images {
            for layer in image.config.rootfs.imageLayers { result.formUnion(layer.names) }
        }
        return result
    }

    /// Removes what `prune` says. Throws where the cache cannot be seen.
    package func pruneCache(_ prune: BuildCachePrune) throws(EngineError) -> BuildCacheOutcome {
        var outcome = BuildCacheOutcome()
        let doomed = try chosen(prune)
        var copies: [CacheMounts.Copy] = []
        for content in doomed {
            switch content.place {
            case .step(let key):
                do throws(StoreError) {
                    try steps.remove(key)
                    outcome.removed.append(content.record)
                } catch { outcome.problems.append(error.description) }
            case .mount(let copy): copies.append(copy)
            }
        }
        let (gone, bytes) = try caches.remove(copies)
        outcome.reclaimed += bytes
        for content in doomed {
            if case .mount(let copy) = content.place, gone.contains(where: { $0.path == copy.path }) {
                outcome.removed.append(content.record)
            }
        }
        if !doomed.isEmpty || prune.all { try removeNotes(all: prune.all) }
        let swept = try images.sweep()
        outcome.reclaimed += swept.bytes
        outcome.problems += swept.problems
        return outcome
    }

    // What is found out anew: the checksums of files, and what was taken from layers that are gone.
    private func removeNotes(all: Bool) throws(EngineError) {
        steps.sweepLocks()
        guard all else { return }
        try engine { try Files.removeTree("\(paths.buildCache)/selections") }
    }

    /// What goes: what was used longest ago first, as far as the limits want it.
    private func chosen(_ prune: BuildCachePrune) throws(EngineError) -> [Content] {
        let contents = try contents()
        let now = Timestamp.now()
        func used(_ content: Content) -> Timestamp { content.record.lastUsed ?? content.record.created }
        let candidates = contents.filter {
            prune.admits($0.record, now: now) && (prune.all || !$0.record.isShared)
        }.sorted { used($0) < used($1) }
        var total = contents.reduce(0) { $0 &+ $1.record.size }
        var free = prune.minFreeSpace == nil ? 0 : try freeSpace()
        let hasLimits = prune.maxUsedSpace != nil || prune.minFreeSpace != nil
        var result: [Content] = []
        for content in candidates {
            if let reserved = prune.reservedSpace, total <= reserved { break }
            if hasLimits {
                let isTooLarge = prune.maxUsedSpace.map { total > $0 } ?? false
                let isTooFull = prune.minFreeSpace.map { free < $0 } ?? false
                guard isTooLarge || isTooFull else { break }
            }
            result.append(content)
            total &-= content.record.size
            if !content.record.isShared { free &+= content.record.size }
        }
        return result
    }

    private func freeSpace() throws(EngineError) -> Int64 {
        var status = statvfs()
        guard statvfs(paths.data, &status) == 0 else { throw EngineError(SystemError("statvfs", paths.data)) }
        return Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }
}
