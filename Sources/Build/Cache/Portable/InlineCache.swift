import Archive
import Bytes
import Errors
import JSON
import OCI
import Store

/// What the cache knows of an image's layers, as the image brings it along to another machine: which steps made them.
struct InlineCache: Codable {
    /// The annotation of the manifest that has it.
    static let annotation = ByteKey("io.apus.build.cache")

    let version: Int
    let steps: [StepRecord]

    /// Of the layers of an image, as far as steps of a build made them.
    init(_ layers: [BuildLayer], _ cache: BuildCacheStore) throws(StoreError) {
        var steps: [StepRecord] = []
        for layer in layers {
            guard let label = layer.label, let diffID = layer.now.diffID, let entry = try cache.entry(label.key),
                entry.layer == diffID
            else { continue }
            steps.append(StepRecord(entry, layer: diffID))
        }
        version = 1
        self.steps = steps
    }

    /// What the annotation of `manifest` says; nil where it has none that can be understood.
    init?(_ manifest: Manifest) {
        guard let text = manifest.annotations?[Self.annotation] else { return nil }
        do throws(JSONError) { self = try JSONTree.decode(from: Array(text.utf8)) } catch { return nil }
        guard version == 1 else { return nil }
    }

    /// As an annotation. Throws where JSON cannot hold it.
    func text() throws -> String { try JSONTree(encoding: self).text() }

    /// Files the layers of `image` under their steps' keys in `cache`, where nothing is filed under those. All of its layers are unpacked in
    /// `layers`. Returns how many were filed. Throws `StoreError`.
    func file(_ image: StoredImage, in cache: BuildCacheStore, _ layers: LayerStore) throws(StoreError) -> Int {
        var places: [Digest: ImageLayer] = [:]
        for layer in image.config.rootfs.imageLayers { places[layer.diffID] = layer }
        var count = 0
        for step in steps {
            guard let place = places[step.layer], let name = layers.find(place), let new = step.entry(name, layers)
            else {
                continue
            }
            if let entry = try cache.entry(step.key), layers.has(entry.directory) { continue }
            try cache.write(new)
            count += 1
        }
        return count
    }
}
