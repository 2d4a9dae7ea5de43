// Documents of some megabytes take ten times that in memory, and an image may wait for its layers for a long time.

extension ImageConfig {
    /// What it says of the platform and of the layers, and nothing else.
    package var outline: ImageConfig {
        var outline = ImageConfig(architecture: architecture, os: os, diffIDs: [])
        outline.variant = variant
        outline.rootfs = rootfs
        return outline
    }
}

extension Manifest {
    /// What it says of the blobs, without notes.
    package var outline: Manifest {
        var outline = self
        outline.annotations = nil
        for place in outline.layers.indices { outline.layers[place].annotations = nil }
        return outline
    }
}
