import Build
import ContainerSpec
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
        let trees = try layerTrees()
        let sizes = trees.mapValues(\.size)
        func layers(of image: StoredImage) -> [Digest] {
            image.config.rootfs.imageLayers.map { sizes[$0.diffID] == nil ? $0.settledID : $0.diffID }
        }
        var uses: [Digest: Int] = [:]
        for summary in summaries {
            for layer in Set(layers(of: summary.image)) { uses[layer, default: 0] += 1 }
        }
        for summary in summaries {
            var image = DiskUsage.Image(image: summary, shared: 0, unique: 0)
            for layer in layers(of: summary.image) {
                let size = sizes[layer] ?? 0
                if uses[layer] == 1 { image.unique += size } else { image.shared += size }
            }
            usage.images.append(image)
        }
        try countContent(&usage, snapshots, trees)
        let own = try ownSizes(of: snapshots.map(\.id))
        let drivers = StorageDriver.allCases
        let written = try reclaimableSizes(
            snapshots.flatMap { container in drivers.map { "\(containers.directory(container.id))/\($0.directory)" } })
        for (place, snapshot) in snapshots.enumerated() {
            let first = place * drivers.count
            usage.containers.append(
                DiskUsage.Container(
                    snapshot: snapshot, size: own[place], content: written[first..<first + drivers.count].reduce(0, +)))
        }
        let (volumes, unreadable) = try listVolumes()
        usage.problems += unreadable
        // What stands for something outside of the store takes nothing in it.
        let local = volumes.filter { $0.backing == .directory }
        let files = try reclaimableSizes(local.map { self.volumes.data(of: $0.name) })
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

    private struct LayerTree {
        /// The sizes of the layer's files, as `images` has them.
        var size: Int64 = 0
        /// What the disk gets back when it goes, with copies that have other owners.
        var content: Int64 = 0
    }

    /// All unpacked layers.
    private func layerTrees() throws(EngineError) -> [Digest: LayerTree] {
        var trees: [Digest: LayerTree] = [:]
        for store in [LayerStore(paths, .full), LayerStore(paths, .squashed)] {
            let names: [Digest]
            var directories: [(layer: Digest, path: String)] = []
            do throws(StoreError) {
                names = try store.all()
                for name in names {
                    for directory in try store.directories(of: name) {
                        directories.append((name, "\(store.folder)/\(directory)"))
                    }
                }
            } catch { throw EngineError(error) }
            for (directory, content) in zip(directories, try reclaimableSizes(directories.map { $0.path })) {
                trees[directory.layer, default: LayerTree()].content += content
            }
            let unknown = names.filter { store.size(of: $0) == nil }
            var sizes = Dictionary(
                uniqueKeysWithValues: zip(unknown, try treeSizes(unknown.map { store.path(of: $0) })))
            for name in names {
                sizes[name] = sizes[name] ?? store.size(of: name)
                trees[name, default: LayerTree()].size += sizes[name] ?? 0
            }
        }
        return trees
    }

    // What images take, and what the cache of builds does, by the roots that a sweep goes by.
    private func countContent(
        _ usage: inout DiskUsage, _ snapshots: [ContainerSnapshot], _ trees: [Digest: LayerTree]
    ) throws(EngineError) {
        let running = Set(snapshots.filter { $0.state.isActive || $0.state.status == .removing }.map(\.id))
        let inventory = try engine {
            let users = try imageUsers().filter { running.contains($0.container) }
            let used = Set(users.map(\.image)).union(try imageMounts().map(\.id))
            return try StoreSweep(paths).inventory(
                keepsImage: { used.contains($0) }, keepsContainer: { running.contains($0) })
        }
        for (blob, size) in inventory.blobs {
            usage.imageContent += size
            if !inventory.kept.contains(blob) { usage.unusedImageContent += size }
        }
        for (layer, tree) in trees {
            if inventory.cached.contains(layer), !inventory.needed.contains(layer) {
                usage.cacheContent += tree.content
                continue
            }
            usage.imageContent += tree.content
            if !inventory.kept.contains(layer) { usage.unusedImageContent += tree.content }
        }
        // What interrupted pulls have left is of images, and `system prune` removes it.
        do throws(StoreError) {
            let partial = try images.partialBytes()
            usage.imageContent += partial
            usage.unusedImageContent += partial
        } catch { usage.problems.append(error.description) }
        usage.unusedCacheContent = usage.cacheContent
        for record in try buildCache() {
            if record.kind == .cacheMount {
                usage.cacheContent += record.size
                if !record.isInUse { usage.unusedCacheContent += record.size }
            } else if record.isInUse, !record.isShared {
                usage.unusedCacheContent -= min(record.size, usage.unusedCacheContent)
            }
        }
    }
}
