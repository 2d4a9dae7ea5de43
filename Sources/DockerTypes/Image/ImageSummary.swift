import OCI
package import Store

/// One line of `images`: an image, or one name of it.
package struct ImageSummary: Sendable {
    package let image: StoredImage
    /// Names with a tag, familiar form ("debian:latest"); empty for a dangling image.
    package var repoTags: [String] { image.repoTags }
    /// In bytes: what the layers take unpacked, where that is known, else their blobs.
    package let size: Int64
    /// The number of containers made from it.
    package let containers: Int

    /// An image of the store, with what is counted of it.
    package init(
        image: StoredImage, size: Int64, containers: Int
    ) {
        self.image = image
        self.size = size
        self.containers = containers
    }

    /// Whether no name leads to it, not even one with a digest.
    package var isDangling: Bool { image.names.isEmpty }
}
