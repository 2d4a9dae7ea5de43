import Errors
import Images
import OCI
import Store

/// An unpacked layer whose files are not those that it was unpacked with.
struct LayerFault {
    /// The name by which it is in the store.
    let name: Digest
    /// Whose layer it is: an image's, mostly.
    let owner: String
    /// A part of a sentence about the layer.
    let difference: String
    /// What puts it right; nil where nothing here does.
    let remedy: DamagedLayer?

    /// A sentence without its end.
    var description: String { "\(owner): the unpacked layer \(name) is damaged: \(difference)" }
}

extension Engine {
    /// Compares the layers that this user's containers are mounted from with what they were unpacked from: those of which the sizes say that
    /// something is wrong, and with `isDeep` all. Also returns a sentence for each that could not be compared. Throws where images or layers
    /// cannot be listed.
    func damagedLayers(isDeep: Bool) throws(EngineError) -> (faults: [LayerFault], problems: [String]) {
        try engine {
            let check = LayerCheck(self)
            try check.run(isDeep: isDeep)
            return (check.faults, check.problems)
        }
    }
}

private final class LayerCheck {
    private let engine: Engine
    private let store: LayerStore
    private(set) var faults: [LayerFault] = []
    private(set) var problems: [String] = []
    /// What the files of a layer have, and what they were unpacked with, in bytes.
    private var sizes: [Digest: (now: Int64, then: Int64?)] = [:]
    private var seen: Set<Digest> = []

    init(_ engine: Engine) {
        self.engine = engine
        store = engine.imageService.layers
    }

    func run(isDeep: Bool) throws {
        let names = try store.all()
        for (name, size) in zip(names, try engine.treeSizes(names.map { store.path(of: $0) })) {
            sizes[name] = (size, store.size(of: name))
        }
        let odd = names.filter { name in sizes[name].map { $0.then != nil && $0.then != $0.now } ?? false }
        var suspects = Set(isDeep ? names : [])
        for (name, size) in zip(odd, try engine.fileSizes(odd.map { store.path(of: $0) }))
        where sizes[name]?.then != size {
            suspects.insert(name)
        }
        for image in suspects.isEmpty ? [] : try engine.images.images().images {
            let layers = image.config.rootfs.imageLayers
            for (place, layer) in layers.enumerated() where place < image.manifest.layers.count {
                guard let name = store.find(layer), suspects.contains(name), seen.insert(name).inserted else {
                    continue
                }
                look(
                    at: layer, name, blob: image.manifest.layers[place].digest, on: Array(layers[..<place]),
                    owner: "image \(image.names.first ?? image.id.short)", isDeep: isDeep)
            }
        }
        // A container's whose image is gone, or the cache's of builds: no archive tells what they were.
        for name in names where suspects.contains(name) && !seen.contains(name) && isEmptied(name) && store.has(name) {
            faults.append(LayerFault(name: name, owner: "no image", difference: "it is empty", remedy: nil))
        }
    }

    private func look(
        at layer: ImageLayer, _ name: Digest, blob: Digest, on below: [ImageLayer], owner: String, isDeep: Bool
    ) {
        // What has taken from those below what they should not have is made anew when they are good.
        let isOnDamaged = below.contains { lower in faults.contains { lower.names.contains($0.name) } }
        if isOnDamaged, name == layer.settledID { return }
        defer {
            do throws(EngineError) { try engine.imageService.removeAbandonedLayers() } catch {
                problems.append(error.message)
            }
        }
        do throws(EngineError) {
            guard let damaged = try engine.imageService.verify(layer, blob: blob, on: below) else { return }
            faults.append(LayerFault(name: name, owner: owner, difference: damaged.difference, remedy: damaged))
        } catch {
            let size = sizes[name] ?? (0, nil)
            if let then = size.then, size.now < then {
                let difference =
                    "its files have \(size.now) bytes where \(then) were unpacked, and its archive cannot tell which (\(error.message))"
                faults.append(LayerFault(name: name, owner: owner, difference: difference, remedy: nil))
            } else if isDeep {
                problems.append("\(owner): layer \(name) cannot be compared with its archive: \(error.message)")
            }
        }
    }

    private func isEmptied(_ name: Digest) -> Bool {
        guard let size = sizes[name], let then = size.then else { return false }
        return size.now == 0 && then > 0
    }
}
