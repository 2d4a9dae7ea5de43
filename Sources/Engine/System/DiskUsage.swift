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
        for summary in summaries {
            for layer in layers(of: summary.image) {
                uses[layer, default: 0] += 1
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
        for layer in uses.keys { usage.layers += sizes[layer] ?? 0 }
        // What interrupted pulls have left is of images, and `system prune` removes it.
        do throws(StoreError) { usage.layers += try images.partialBytes() } catch {
            usage.problems.append(error.description)
        }
        // As Docker counts it: all but what images alone have that containers were made from.
        usage.unusedLayers = usage.layers
        for image in usage.images where image.image.containers > 0 { usage.unusedLayers -= image.unique }
        let own = try ownSizes(of: snapshots.map(\.id))
        usage.containers = zip(snapshots, own).map { DiskUsage.Container(snapshot: $0, size: $1) }
        let (volumes, unreadable) = try listVolumes()
        usage.problems += unreadable
        // What stands for something outside of the store takes nothing in it.
        let local = volumes.filter { $0.backing == .directory }
        let files = try treeSizes(local.map { self.volumes.data(of: $0.name) })
        for (volume, size) in zip(local, files) {
            let users: [String]
            do throws(StoreError) { users = try self.volumes.users(of: volume.name) } catch { throw EngineError(error) }
            usage.volumes.append(
                DiskUsage.Volume(
                    inspection: VolumeInspection(volume, mountpoint: self.volumes.data(of: volume.name)),
                    links: users.count, size: size))
        }
        return usage
    }
}
