package import Archive
package import Linux
import OCI
import Store
import Synchronization

/// A layer that is unpacked, and not in the store yet: it has to learn from those below it first. While it lives nobody
/// else can unpack it; without `PendingLayer.commit` it comes to nothing.
final class UnpackedLayer: Sendable {
    let job: LayerJob
    let pending: PendingLayer
    /// In bytes, without what settling it will add.
    let size: Int64
    let looseEnds: LooseEnds

    init(_ job: LayerJob, _ pending: PendingLayer, size: Int64, _ looseEnds: LooseEnds) {
        self.job = job
        self.pending = pending
        self.size = size
        self.looseEnds = looseEnds
    }
}

/// What those share who unpack the layers of one image: the processes that do it, and the layers that are to be settled, which are taken out by whoever
/// does that, so that giving one up ends it.
final class UnpackedLayers: Sendable {
    let workers: UnpackWorkers
    private let layers = Mutex<[UnpackedLayer]>([])

    init(_ service: ImageService) { workers = UnpackWorkers(service) }

    func add(_ layer: UnpackedLayer) { layers.withLock { $0.append(layer) } }

    func takeAll() -> [UnpackedLayer] {
        layers.withLock { layers in
            let all = layers
            layers = []
            return all
        }
    }
}

extension LooseEnds: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(directories.map(WireName.init))
        encoder.write(links.map { WireName($0.target) })
        for link in links { encoder.write(link.names.map(WireName.init)) }
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        let directories: [WireName] = try decoder.read()
        let targets: [WireName] = try decoder.read()
        var links: [Link] = []
        for target in targets {
            let names: [WireName] = try decoder.read()
            links.append(Link(target: target.name, names: names.map(\.name)))
        }
        self.init(directories: directories.map(\.name), links: links)
    }
}

/// A name of any bytes.
private struct WireName: WireCodable {
    let name: RawName

    init(_ name: RawName) { self.name = name }

    func encode(to encoder: inout WireEncoder) { encoder.write(data: name.bytes) }

    init(from decoder: inout WireDecoder) throws(WireError) {
        name = try decoder.readData().map(CChar.init(bitPattern:)) + [0]
    }
}
