import Archive
import ContainerSpec
import Errors
import Images
import Linux
import OCI
import Runtime
import Store
import Supervision

/// Where the files of a container are.
struct LayeredTree {
    enum Form {
        /// Nothing but the layers: it was never started, or its root is read-only.
        case layers
        /// What it wrote, above them.
        case upper(String)
        /// The same by fuse-overlayfs.
        case fuse(String)
        /// All of it, as it is where the kernel refuses an overlay.
        case copy(String)
        /// A directory of the host (`--rootfs`).
        case directory(String)
    }

    var form: Form
    /// The topmost first, with the engine's places to mount on as the lowest.
    var layers: [String]
    /// The map of its user namespace; nil where it has none of its own, or has written nothing.
    var map: IDMap?

    /// All that the container sees but what is mounted in it.
    var whole: TreeArchive {
        switch form {
        case .layers: TreeArchive(form: .merged, directories: layers)
        case .upper(let path): TreeArchive(form: .merged, directories: [path] + layers, map: map)
        case .fuse(let path): TreeArchive(form: .merged, directories: [path] + layers, isOfFuse: true)
        case .copy(let path), .directory(let path): TreeArchive(form: .merged, directories: [path], map: map)
        }
    }

    /// What differs from the layers; nil for nothing.
    var changes: TreeArchive? {
        switch form {
        case .layers: nil
        case .upper(let path):
            TreeArchive(
                form: .upper, directories: [path] + layers, map: map, mountPlaces: MountPoints.places)
        case .fuse(let path):
            TreeArchive(
                form: .upper, directories: [path] + layers, isOfFuse: true, mountPlaces: MountPoints.places)
        case .copy(let path):
            TreeArchive(
                form: .difference, directories: [path] + layers, map: map, mountPlaces: MountPoints.places)
        case .directory: whole
        }
    }
}

extension Engine {
    /// Where the files of the container with this record are. Throws `EngineError`.
    func tree(_ description: ContainerDescription, _ record: ContainerRecord) throws(EngineError) -> LayeredTree {
        let directory = containers.directory(description.id)
        let imageLayers = Array(layerDirectories(record).reversed())
        var tree = LayeredTree(form: .layers, layers: allLayers(record))
        do throws(SystemError) {
            if description.options.rootfs {
                tree.form = .directory(description.options.image)
            } else {
                guard let driver = try StorageDriver.keeping(directory) else { return tree }
                let own = "\(directory)/\(driver.directory)"
                switch driver {
                case .overlay: tree.form = .upper(own)
                case .copy: tree.form = .copy(own)
                case .fuseOverlay:
                    tree.form = .fuse(own)
                    // It has moved the owners back itself.
                    return tree
                }
            }
        } catch { throw EngineError("cannot look at the files of container \(description.id.prefix(12)): \(error)") }
        do throws(OptionError) {
            tree.map = try OwnIDMap.claim(
                description.options, container: description.id, layers: imageLayers, in: paths)
        } catch { throw EngineError(error) }
        return tree
    }

    /// The directories of the container's layers, the topmost first, and below them that of the engine's places to mount on.
    func allLayers(_ record: ContainerRecord) -> [String] {
        let layers = layerDirectories(record)
        guard let top = layers.first, let places = MountPoints.layer(in: Files.split(top).parent) else { return layers }
        return layers + [places]
    }

    /// Throws unless the container is still there, whose tree may otherwise have been read while it was taken down.
    func requirePresence(_ id: String) throws(EngineError) {
        do throws(SystemError) {
            if try Files.isPresent(containers.directory(id)) { return }
        } catch { throw EngineError("cannot look at container \(id.prefix(12)): \(error)") }
        throw EngineError("container \(id.prefix(12)) was removed while its files were being read", .conflict)
    }
}
