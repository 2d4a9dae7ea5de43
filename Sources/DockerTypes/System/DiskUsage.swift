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
        package var size: Int64

        /// What a container has written.
        package init(
            snapshot: ContainerSnapshot, size: Int64
        ) {
            self.snapshot = snapshot
            self.size = size
        }
    }

    /// A volume, how many containers use it, and the bytes of its files.
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
    /// All layers of images, each counted once, in bytes.
    package var layers: Int64 = 0
    /// `layers` without what images alone have that containers were made from, in bytes.
    package var unusedLayers: Int64 = 0
    /// A sentence for each thing that could not be counted.
    package var problems: [String] = []

    /// Nothing yet.
    package init() {}
}
