package import Archive
package import Linux
package import OCI
import Store

/// A layer that is unpacked, and not in the store yet: it may have to learn from those below it, and layers reach the
/// disk together. Without `LayerStore.commit` it comes to nothing.
package final class UnpackedLayer: Sendable {
    let job: LayerJob
    let pending: PendingLayer
    /// In bytes, without what settling it will add.
    let size: Int64
    let looseEnds: LooseEnds

    package var diffID: Digest { job.diffID }

    init(_ job: LayerJob, _ pending: PendingLayer, size: Int64, _ looseEnds: LooseEnds) {
        self.job = job
        self.pending = pending
        self.size = size
        self.looseEnds = looseEnds
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
