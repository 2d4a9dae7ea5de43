package import DockerTypes
package import Errors
import OCI
import Store

extension Engine {
    /// `history NAME`: the steps that made the image, the last first. Throws where there is no such
    /// image.
    package func imageHistory(_ name: String, platform: String? = nil) throws(EngineError) -> [ImageHistoryEntry] {
        let image = try image(name, platform: platform)
        let layers = image.config.rootfs.imageLayers
        let stores = [LayerStore(paths, .full), LayerStore(paths, .squashed)]
        func size(_ place: Int) -> Int64 {
            guard place < layers.count else { return 0 }
            let blob = place < image.manifest.layers.count ? image.manifest.layers[place].size : 0
            return stores.lazy.compactMap { $0.size(of: layers[place]) }.first ?? blob
        }
        var place = 0
        var entries: [ImageHistoryEntry] = []
        for step in image.config.history ?? [] {
            let isEmpty = step.emptyLayer ?? false
            entries.append(
                ImageHistoryEntry(
                    id: "<missing>", created: step.created, createdBy: step.createdBy ?? "",
                    size: isEmpty ? 0 : size(place), comment: step.comment ?? "", tags: []))
            if !isEmpty { place += 1 }
        }
        // An image need not have a history, nor one for each layer.
        while place < layers.count {
            entries.append(
                ImageHistoryEntry(id: "<missing>", createdBy: "", size: size(place), comment: "", tags: []))
            place += 1
        }
        entries.reverse()
        if !entries.isEmpty {
            entries[0].id = image.id.description
            entries[0].tags = image.repoTags
        }
        return entries
    }
}
