package import OCI

/// A layer to unpack.
package struct LayerJob: Sendable {
    /// What the uncompressed archive must turn out to be.
    package let diffID: Digest
    /// The blob of the store that holds the archive, compressed or not.
    package let blob: Digest

    package init(diffID: Digest, blob: Digest) {
        self.diffID = diffID
        self.blob = blob
    }
}
