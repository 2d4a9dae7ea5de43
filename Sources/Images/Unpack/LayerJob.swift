package import OCI
package import Store

/// A layer to unpack.
package struct LayerJob: Sendable {
    /// What the uncompressed archive must turn out to be, and where it is in its image.
    package let layer: ImageLayer
    /// The blob of the store that holds the archive, compressed or not.
    package let blob: Digest

    package init(_ layer: ImageLayer, blob: Digest) {
        self.layer = layer
        self.blob = blob
    }
}
