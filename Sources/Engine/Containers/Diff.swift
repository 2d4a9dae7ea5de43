import Supervision
import ContainerSpec
package import Errors
import Linux
import Store

extension Engine {
    /// `diff`: what differs in the container's file system from its image, sorted by path. Throws.
    package func changes(of text: String) throws(EngineError) -> [FileChange] {
        let id: String
        let record: ContainerRecord
        do throws(StoreError) {
            id = try containers.find(text)
            record = try containers.readRecord(id)
        } catch { throw EngineError(error) }
        let directory = containers.directory(id)
        // One that was never started, or has a read-only root, has written nothing; nor is a directory of the host's
        // compared with anything.
        guard let driver = try engine({ () throws(SystemError) in try StorageDriver.keeping(directory) }),
            !record.layers.isEmpty
        else { return [] }
        let layers = allLayers(record)
        let form: TreeChanges.Form =
            switch driver {
            case .overlay: .overlay
            case .fuseOverlay: .fuse
            case .copy: .whole
            }
        let bytes = try inspectTree(
            ["changes", form.rawValue, "\(directory)/\(driver.directory)", MountPoints.places.joined(separator: ":")]
                + layers)
        return bytes.split(separator: 0).compactMap { entry in
            guard let letter = entry.first, let kind = FileChange.Kind(rawValue: Character(Unicode.Scalar(letter)))
            else { return nil }
            return FileChange(kind: kind, path: Array(entry.dropFirst()))
        }
    }

    /// The directories of the container's layers, the topmost first.
    func layerDirectories(_ record: ContainerRecord) -> [String] {
        record.layers.reversed().map { layer in
            let full = LayerStore(paths, .full)
            return full.has(layer) ? full.path(of: layer) : LayerStore(paths, .squashed).path(of: layer)
        }
    }

    /// The sizes of what containers have written themselves, in bytes, in the order of `ids`. Throws.
    package func ownSizes(of ids: [String]) throws(EngineError) -> [Int64] {
        var drivers: [StorageDriver?] = []
        for id in ids {
            drivers.append(
                try engine { () throws(SystemError) in
                    try StorageDriver.keeping(containers.directory(id))
                })
        }
        func own(_ place: Int) -> String {
            "\(containers.directory(ids[place]))/\((drivers[place] ?? .overlay).directory)"
        }
        var sizes = try treeSizes(ids.indices.map(own))
        // One that was copied has its image's files, too.
        for (place, id) in ids.enumerated() where drivers[place] == .copy {
            let record: ContainerRecord
            do throws(StoreError) { record = try containers.readRecord(id) } catch { throw EngineError(error) }
            let bytes = try inspectTree(
                ["own-size", own(place), MountPoints.places.joined(separator: ":")]
                    + allLayers(record))
            sizes[place] = Int64(String(decoding: bytes, as: UTF8.self)) ?? 0
        }
        return sizes
    }
}
