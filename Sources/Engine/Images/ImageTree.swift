package import Errors
package import OCI
package import Store

/// The layers of an image, and which images end where.
package struct ImageTree: Sendable {
    package let image: StoredImage
    /// Of all layers, in bytes.
    package let size: Int64
    /// From the base upwards; for `whatrequires`, those that are next to the image's last one.
    package let layers: [Node]

    /// A layer on those below it.
    package struct Node: Sendable {
        /// The digest over the layer and all below it.
        package let id: Digest
        /// Of this layer, in bytes.
        package let size: Int64
        /// The names of the images that end with it; none where that have no names.
        package let tags: [String]
        /// What is on it, where that was asked for.
        package var children: [Node] = []
    }
}

extension Engine {
    /// `image tree NAME`: the layers of the image from its base upwards. Throws where there is no such image.
    package func imageTree(_ name: String) throws(EngineError) -> ImageTree {
        let image = try image(name)
        let tags = try tagsByTop()
        let chains = image.config.rootfs.chainIDs
        let sizes = layerSizes(of: image)
        let nodes = zip(chains, sizes).map { chain, size in
            ImageTree.Node(id: chain, size: size, tags: tags[chain] ?? [])
        }
        return ImageTree(image: image, size: size(of: image), layers: nodes)
    }

    /// `image tree --whatrequires NAME`: the image's last layer, and all that other images of the store have on it. Throws where there is no such image.
    package func imagesRequiring(_ name: String) throws(EngineError) -> ImageTree {
        let image = try image(name)
        let tags = try tagsByTop()
        let own = image.config.rootfs.chainIDs
        guard let top = own.last else { return ImageTree(image: image, size: size(of: image), layers: []) }
        // What is on which layer, each once however many images have it.
        var sizes: [Digest: Int64] = [:]
        var children: [Digest: [Digest]] = [:]
        for other in try engine({ try images.images().images }) {
            let chain = other.config.rootfs.chainIDs
            guard chain.count >= own.count, chain[own.count - 1] == top else { continue }
            let otherSizes = layerSizes(of: other)
            for place in (own.count - 1)..<chain.count {
                sizes[chain[place]] = otherSizes[place]
                guard place >= own.count, children[chain[place - 1]]?.contains(chain[place]) != true else { continue }
                children[chain[place - 1], default: []].append(chain[place])
            }
        }
        func node(_ id: Digest) -> ImageTree.Node {
            ImageTree.Node(
                id: id, size: sizes[id] ?? 0, tags: tags[id] ?? [], children: (children[id] ?? []).map(node))
        }
        return ImageTree(image: image, size: size(of: image), layers: [node(top)])
    }

    /// The names of the images of the store by the digest over all their layers, in the order of their bytes.
    private func tagsByTop() throws(EngineError) -> [Digest: [String]] {
        var tags: [Digest: [String]] = [:]
        for image in try engine({ try images.images().images }) {
            guard let top = image.config.rootfs.chainIDs.last else { continue }
            tags[top, default: []] += image.repoTags
        }
        return tags.mapValues { $0.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
    }

    /// The size of each layer in bytes, as many as the configuration lists.
    func layerSizes(of image: StoredImage) -> [Int64] {
        let stores = [LayerStore(paths, .full), LayerStore(paths, .squashed)]
        return image.config.rootfs.imageLayers.enumerated().map { place, layer in
            stores.lazy.compactMap { $0.size(of: layer) }.first
                ?? (place < image.manifest.layers.count ? image.manifest.layers[place].size : 0)
        }
    }

    /// The bytes of the blobs of `image` that are in the store, each counted once.
    package func contentSize(of image: StoredImage) -> Int64 {
        let blobs = Set(
            image.manifest.layers.map(\.digest) + [image.manifest.config.digest, image.descriptor.digest])
        return blobs.reduce(0) { $0 + (images.size(of: $1) ?? 0) }
    }
}
