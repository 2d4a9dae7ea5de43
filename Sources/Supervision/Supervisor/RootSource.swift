import Glibc
import Linux
import Runtime
import Store

/// What a container's root file system is mounted from, whoever mounts it: its supervisor at a start, or a worker that looks
/// into one that does not run.
struct RootSource {
    var root: SupervisorRequest.Root
    /// The map of a user namespace of the container's own; nil where it has none.
    var map: IDMap?
    /// The container's directory.
    var directory: String
    var isReadOnly: Bool
    /// Where something is to be mounted, if the root cannot be written.
    var mountPoints: [String]
    /// Whether what is written need not survive a crash of the machine.
    var isVolatile: Bool
    var opensDevices: Bool

    /// Mounts it and returns the mount, which is attached nowhere. `namespace` is the one of `map`. Throws `SystemError`.
    func mount(_ namespace: borrowing FileDescriptor?) throws(SystemError) -> FileDescriptor {
        switch root {
        case .directory(let path): return try Overlay.bind(path, opensDevices: opensDevices)
        case .layers(let image):
            let folder = Files.split(image[0]).parent
            let layers = RootMount.Layers(image: image, mountPoints: MountPoints.layer(in: folder))
            switch namespace {
            case .none: return try mount(layers)
            case .some(let namespace): return try mount(layers, movedBy: namespace)
            }
        }
    }

    private func mount(
        _ layers: RootMount.Layers, movedBy namespace: borrowing FileDescriptor
    ) throws(SystemError) -> FileDescriptor {
        do throws(SystemError) {
            let covers = try MappedLayers.cover(layers.lowers, by: namespace)
            defer { covers.remove() }
            return try mount(layers)
        } catch {
            // Only root of the machine may, from Linux 5.12 on (overlay: 5.19) and on file systems that know how.
            guard let map else { throw error }
            let copies = try MappedLayers.copies(of: layers.lowers, map)
            let hasMountPoints = layers.mountPoints != nil
            return try mount(
                RootMount.Layers(
                    image: (hasMountPoints ? copies.dropLast() : copies[...]).reversed(),
                    mountPoints: hasMountPoints ? copies.last : nil))
        }
    }

    private func mount(_ layers: RootMount.Layers) throws(SystemError) -> FileDescriptor {
        do throws(SystemError) {
            if isReadOnly {
                return try RootMount.makeReadOnly(
                    layers, mountPoints: mountPoints, directory: directory, volatile: isVolatile,
                    opensDevices: opensDevices)
            }
            return try RootMount.make(
                layers, directory: directory, volatile: isVolatile, opensDevices: opensDevices)
        } catch {
            switch error.errno {
            // A store on an overlay or a network file system, no overlay in user namespaces (before Linux 5.11, and
            // below some filters), or none at all.
            case .invalid, .notPermitted, .notSupported, .notImplemented, Errno(ENODEV):
                return try RootMount.copy(layers, directory: directory, opensDevices: opensDevices)
            default: throw error
            }
        }
    }
}
