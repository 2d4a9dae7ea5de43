import Archive
package import OCI

/// A layer in its place in an image, and the names that its files can have in the store.
///
/// Most layers say all of themselves: unpacked, they are the same in every image, and are kept by their diff id. One that does
/// not describe its directories, or links to files of the layers below, takes from those what it does not say: the same
/// archive gives other files on another base, and is kept by all of them.
package struct ImageLayer: Hashable, Sendable {
    /// The digest of its uncompressed archive.
    package let diffID: Digest
    /// A digest over its own diff id and those of all below. Not image-spec's chain id, which is the diff id for the lowest
    /// layer: what takes its base's looks elsewhere has none there.
    package let settledID: Digest

    /// Both names, of which the store has at most one; the layer's own first.
    package var names: [Digest] { [diffID, settledID] }

    /// The layer of the archive `diffID` on top of `below`; nil for the lowest.
    package init(_ diffID: Digest, on below: ImageLayer? = nil) {
        self.diffID = diffID
        let base = below.map { $0.settledID.description } ?? "nothing"
        settledID = Digest(of: Array("\(diffID) on \(base)".utf8))
    }
}

extension ImageConfig.RootFS {
    /// The layers, the lowest first.
    package var imageLayers: [ImageLayer] {
        var layers: [ImageLayer] = []
        for diffID in diffIDs { layers.append(ImageLayer(diffID, on: layers.last)) }
        return layers
    }

    /// The layers by the names that Docker's store has for them, the lowest first (image-spec, Layer ChainID): the diff id
    /// for the lowest, a digest over it and all below for the others.
    package var chainIDs: [Digest] {
        var chain: [Digest] = []
        for diffID in diffIDs {
            chain.append(chain.last.map { Digest(of: Array("\($0) \(diffID)".utf8)) } ?? diffID)
        }
        return chain
    }
}

extension LayerStore {
    /// The name by which the layer is there; nil where it is not, whole.
    package func find(_ layer: ImageLayer) -> Digest? {
        for name in layer.names where has(name) { return name }
        return nil
    }

    /// The names by which `layers`, the lowest first, are there; nil where one is missing. Of a layer that comes more than
    /// once only the uppermost is in the list: overlayfs takes none twice, and one that comes again shows nothing that it
    /// does not show from above.
    package func find(_ layers: [ImageLayer]) -> [Digest]? {
        var names: [Digest] = []
        var seen: Set<Digest> = []
        for layer in layers.reversed() {
            guard let name = find(layer) else { return nil }
            if seen.insert(name).inserted { names.append(name) }
        }
        return names.reversed()
    }

    /// The size of the layer's files in bytes; nil where that is not known.
    package func size(of layer: ImageLayer) -> Int64? { size(of: layer.diffID) ?? size(of: layer.settledID) }
}
