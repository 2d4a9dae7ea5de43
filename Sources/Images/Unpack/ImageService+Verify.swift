import Archive
package import Errors
import Linux
package import OCI
package import Store
import Workers

/// A layer whose files are not what its archive says, and what they should be.
package final class DamagedLayer: Sendable {
    /// The name by which the layer is in the store.
    package let name: Digest
    /// In what it differs, as a part of a sentence that is about the layer.
    package let difference: String
    private let sound: UnpackedLayer
    private let size: Int64

    init(_ name: Digest, _ difference: String, _ sound: UnpackedLayer, size: Int64) {
        self.name = name
        self.difference = difference
        self.sound = sound
        self.size = size
    }

    /// Puts what the archive says in the place of the layer; returns what is to be removed. The caller holds off starts, and nothing is mounted
    /// from the layer. Throws `StoreError`.
    package func repair() throws(StoreError) -> [String] { try sound.pending.replace(name, size: size) }
}

extension ImageService {
    /// Compares the layer `layer`, which is in the store on `below`, the lowest first, with its archive, the blob `blob`, which is unpacked once more
    /// beside it. Returns nil where they are the same, and where the layer is being unpacked or has gone, or one below that it depends on has.
    ///
    /// Blocks the thread, and takes as much of the disk as the layer meanwhile: `removeAbandonedLayers()` gives that back, once the value that is
    /// returned is gone. Throws with the layer and the cause where they cannot be
    /// compared, as the archive is damaged or missing.
    package func verify(
        _ layer: ImageLayer, blob: Digest, on below: [ImageLayer]
    ) throws(EngineError) -> DamagedLayer? {
        try engine {
            let layers = layers
            guard let pending = try layers.beginAgain(layer), let name = layers.find(layer) else { return nil }
            var run = UnpackRun(self, layers)
            try run.start(LayerJob(layer, blob: blob), pending)
            let unpacked = try run.finishOne()
            // One that depends on those below is kept under another name, and where it does not this is it, whatever it is called.
            var size = unpacked.size
            if !unpacked.looseEnds.isEmpty, name == layer.settledID {
                guard let lowers = layers.find(below) else { return nil }
                size = try run.complete(unpacked, on: lowers.reversed())
            }
            let answer = try Worker.inspectTree.answer(
                executable, [paths.run, "difference", pending.path, layers.path(of: name)])
            // It may have gone meanwhile.
            guard !answer.isEmpty, layers.has(name) else { return nil }
            return DamagedLayer(name, String(decoding: answer, as: UTF8.self), unpacked, size: size)
        }
    }
}
