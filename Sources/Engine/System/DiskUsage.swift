package import DockerTypes
package import Errors
import OCI
import Store

extension Engine {
    /// `system df`. Throws where images or containers cannot be listed.
    package func diskUsage() throws(EngineError) -> DiskUsage {
        var usage = DiskUsage()
        let (summaries, faults) = try imageSummaries()
        let (snapshots, problems) = try listContainers()
        usage.problems = faults + problems
        let sizes = layerSizes()
        func layers(of image: StoredImage) -> Set<Digest> {
            Set(image.config.rootfs.imageLayers.map { sizes[$0.diffID] == nil ? $0.settledID : $0.diffID })
        }
        var uses: [Digest: Int] = [:]
        var needed: Set<Digest> = []
        for summary in summaries {
            for layer in layers(of: summary.image) {
                uses[layer, default: 0] += 1
                if summary.containers > 0 { needed.insert(layer) }
            }
        }
        for summary in summaries {
            var image = DiskUsage.Image(image: summary, shared: 0, unique: 0)
            for layer in layers(of: summary.image) {
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
