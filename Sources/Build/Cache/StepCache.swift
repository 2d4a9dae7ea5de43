import Errors
import Images
import Linux
import OCI
import Store
import Synchronization

/// A step that a build has done, or found done.
struct UsedStep: Sendable {
    /// What it is filed under.
    let label: BuildLayer.Label
    /// What it made.
    let layer: BuildLayer
    /// The lowest layer that it stands on; nil for one that stands on nothing.
    let lowest: BuildLayer?
}

/// What one build finds of steps that were done before, in the store and in caches that were written elsewhere, and which steps it comes to
/// itself.
final class StepCache: Sendable {
    /// The cache of the store.
    let store: BuildCacheStore
    private let tools: BuildTools
    private let reporter: Reporter
    private let ingest: ImageIngest
    private let state = Mutex(State())

    private struct State {
        var imported: [Imported] = []
        var used: [Digest: UsedStep] = [:]
    }

    /// A cache that another build has written.
    private struct Imported: Sendable {
        /// What it is called in messages.
        let name: String
        let manifest: CacheManifest
        let place: BlobPlace
    }

    init(_ store: BuildCacheStore, _ tools: BuildTools, _ reporter: Reporter, _ ingest: ImageIngest) {
        self.store = store
        self.tools = tools
        self.reporter = reporter
        self.ingest = ingest
    }

    // MARK: steps of this build

    /// Notes that the build has come to `layer`, whose lowest layer below is `lowest`.
    func note(_ layer: BuildLayer, above lowest: BuildLayer?) {
        guard let label = layer.label else { return }
        state.withLock { $0.used[label.key] = UsedStep(label: label, layer: layer, lowest: lowest) }
    }

    /// The steps that the build has come to, in no order.
    var used: [UsedStep] { state.withLock { Array($0.used.values) } }

    // MARK: steps of others

    /// From now on steps are looked for in `manifest`, too, whose layers are at `place`; `name` is what it is called in messages.
    func add(_ manifest: CacheManifest, at place: BlobPlace, named name: String) {
        state.withLock { $0.imported.append(Imported(name: name, manifest: manifest, place: place)) }
    }

    /// The layer that the step `label` is known to have made on `below`; nil where nobody knows. `isExported`: whether the image has it. Whoever
    /// calls holds the step's lock. Throws `EngineError` where the store cannot be read: another's cache that is wrong is none.
    func layer(
        _ label: BuildLayer.Label, on below: [BuildLayer], isExported: Bool
    ) throws(EngineError) -> BuildLayer? {
        do throws(StoreError) { if let layer = try stored(label) { return layer } } catch { throw EngineError(error) }
        for cache in state.withLock({ $0.imported }) {
            do throws(EngineError) {
                if let layer = try take(label, from: cache, on: below, isExported: isExported) { return layer }
            } catch {
                if error.kind == .cancelled { throw error }
                giveUp(cache, error)
            }
        }
        return nil
    }

    private func stored(_ label: BuildLayer.Label) throws(StoreError) -> BuildLayer? {
        guard var entry = try store.entry(label.key) else { return nil }
        try ingest.protect([entry.layer, entry.directory])
        guard tools.layers.has(entry.directory) else { return nil }
        entry.lastUsed = .now()
        (entry.useCount, _) = entry.useCount.addingReportingOverflow(1)
        try store.write(entry)
        return layer(entry, label)
    }

    private func layer(_ entry: BuildCacheEntry, _ label: BuildLayer.Label) -> BuildLayer {
        BuildLayer(
            .init(
                path: tools.layers.path(of: entry.directory), directory: entry.directory, diffID: entry.layer,
                size: nil, created: entry.created.rfc3339), label)
    }

    private func take(
        _ label: BuildLayer.Label, from cache: Imported, on below: [BuildLayer], isExported: Bool
    ) throws(EngineError) -> BuildLayer? {
        guard let record = cache.manifest.steps[label.key], let blob = cache.manifest.layers[record.layer],
            // Of a layer that this build has made itself the digest may not be known yet: then the step is as quickly done.
            below.allSatisfy({ $0.now.diffID != nil })
        else { return nil }
        let directory = try cache.place.unpack(
            blob, as: record.layer, on: below, isExported: isExported, ingest, tools)
        guard var entry = record.entry(directory, tools.layers) else { return nil }
        entry.useCount = 1
        do throws(StoreError) { try store.write(entry) } catch { throw EngineError(error) }
        return layer(entry, label)
    }

    // Told once: the build goes on as if there were none.
    private func giveUp(_ cache: Imported, _ error: EngineError) {
        let isFirst = state.withLock { state in
            let count = state.imported.count
            state.imported.removeAll { $0.name == cache.name }
            return state.imported.count < count
        }
        guard isFirst else { return }
        let number = reporter.add("importing layers from \(cache.name)")
        reporter.start(number)
        reporter.end(number, .failed(error.message))
    }
}

extension BuildTools {
    /// Lets a moment go by, in which somebody else may come to an end. Throws where the build is cancelled.
    func pause() throws(EngineError) {
        var poll = PollSet()
        poll.add(cancellation.number)
        do throws(SystemError) { _ = try poll.wait(milliseconds: 20) } catch { throw EngineError(error) }
        try checkCancellation()
    }
}
