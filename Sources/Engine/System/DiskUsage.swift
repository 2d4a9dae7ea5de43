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
    }

    /// A container, and what it has written, in bytes.
    package struct Container: Sendable {
        package var snapshot: ContainerSnapshot
        package var size: Int64
    }

    package var images: [Image] = []
    package var containers: [Container] = []
    /// All layers of images, each counted once, in bytes.
    package var layers: Int64 = 0
    /// The part of `layers` that no container needs, in bytes.
    package var unusedLayers: Int64 = 0
    /// A sentence for each thing that could not be counted.
    package var problems: [String] = []
}

extension Engine {
    /// `system df`. Throws (exit code 1) where images or containers cannot be listed.
    package func diskUsage() throws(EngineError) -> DiskUsage {
        var usage = DiskUsage()
        let (summaries, faults) = try imageSummaries()
        let (snapshots, problems) = try listContainers()
        usage.problems = faults + problems
        let sizes = layerSizes()
        var uses: [Digest: Int] = [:]
        var needed: Set<Digest> = []
        for summary in summaries {
            for layer in Set(summary.image.config.rootfs.diffIDs) {
                uses[layer, default: 0] += 1
                if summary.containers > 0 { needed.insert(layer) }
            }
        }
        for summary in summaries {
            var image = DiskUsage.Image(image: summary, shared: 0, unique: 0)
            for layer in Set(summary.image.config.rootfs.diffIDs) {
                let size = sizes[layer] ?? 0
                if uses[layer] == 1 { image.unique += size } else { image.shared += size }
            }
            usage.images.append(image)
        }
        for layer in uses.keys {
            usage.layers += sizes[layer] ?? 0
            if !needed.contains(layer) { usage.unusedLayers += sizes[layer] ?? 0 }
        }
        let own = try ownSizes(of: snapshots.map(\.id))
        usage.containers = zip(snapshots, own).map { DiskUsage.Container(snapshot: $0, size: $1) }
        return usage
    }
}
