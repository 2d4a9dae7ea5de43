import OCI
import Store

/// What the store takes on the disk.
package struct DiskUsage: Sendable {
    /// An image and its part of that, in bytes.
    package struct Image: Sendable {
        package var image: ImageSummary
        /// The layers that other images have too.
        package var shared: Int64
        /// The layers that it alone has.
        package var unique: Int64

        /// The part of an image.
        package init(
            image: ImageSummary, shared: Int64, unique: Int64
        ) {
            self.image = image
            self.shared = shared
            self.unique = unique
        }
    }

    /// A container, and what it has written, in bytes.
    package struct Container: Sendable {
        package var snapshot: ContainerSnapshot
        /// The sizes of the files, as `ps --size` has them.
        package var size: Int64
        /// What the disk gets back when the container goes.
        package var content: Int64

        /// What a container has written.
        package init(snapshot: ContainerSnapshot, size: Int64, content: Int64) {
            self.snapshot = snapshot
            self.size = size
            self.content = content
        }
    }

    /// A volume, how many containers use it, and the bytes that the disk gets back when it goes.
    package struct Volume: Sendable {
        package var inspection: VolumeInspection
        package var links: Int
        package var size: Int64

        /// What a volume takes.
        package init(inspection: VolumeInspection, links: Int, size: Int64) {
            self.inspection = inspection
            self.links = links
            self.size = size
        }
    }

    package var images: [Image] = []
    package var volumes: [Volume] = []
    package var containers: [Container] = []
    /// The bytes of content that the disk has for images and containers made of them: blobs, and unpacked layers, each once and without holes. What
    /// the cache of builds alone has is not in it.
    package var imageContent: Int64 = 0
    /// What `system prune --all` gives back of `imageContent`.
    package var unusedImageContent: Int64 = 0
    /// The same of layers that the cache of builds alone has, and of what `RUN --mount=type=cache` keeps.
    package var cacheContent: Int64 = 0
    /// What of `cacheContent` no build uses just now.
    package var unusedCacheContent: Int64 = 0
    /// A sentence for each thing that could not be counted.
    package var problems: [String] = []

    /// Nothing yet.
    package init() {}
}
