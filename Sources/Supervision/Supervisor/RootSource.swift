import ContainerSpec
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
    /// What the user wants it to be mounted with; nil: the best that works here. Of no meaning for a container that has
    /// files already: it keeps the driver that they are of.
    var driver: StorageDriver?
    /// Whether the container has never been mounted before, and so has no files.
    var isNew = false
    var isReadOnly: Bool
    /// Where something is to be mounted, if the root cannot be written.
    var mountPoints: [String]
    /// Whether it shows places for what the engine mounts (`MountPoints`).
    var hasMountPoints = true
    /// The directory beside whose layers these are kept; nil: the one that the lowest layer is in.
    var layersFolder: String?
    /// Whether what is written need not survive a crash of the machine.
    var isVolatile: Bool
    var opensDevices: Bool

    /// Mounts it and returns the mount, which is attached nowhere; `server` gets the process that serves it, where there is
    /// one. `namespace` is the one of `map`. The calling process has one thread. Throws `SystemError`.
    func mount(
        _ namespace: borrowing FileDescriptor?, _ server: RootServer
    ) throws(SystemError) -> FileDescriptor {
        switch root {
        case .directory(let path): return try Overlay.bind(path, opensDevices: opensDevices)
        case .layers(let image):
            let folder = layersFolder ?? Files.split(image[0]).parent
            let layers = RootMount.Layers(
                image: image, mountPoints: hasMountPoints ? MountPoints.layer(in: folder) : nil)
            let wanted = isNew ? driver : try StorageDriver.keeping(directory) ?? driver
            switch namespace {
            case .none: return try mount(layers, wanted, server)
            case .some(let namespace): return try mount(layers, movedBy: namespace, wanted, server)
            }
        }
    }

    private func mount(
        _ layers: RootMount.Layers, movedBy namespace: borrowing FileDescriptor, _ wanted: StorageDriver?,
        _ server: RootServer
    ) throws(SystemError) -> FileDescriptor {
        if wanted == .fuseOverlay { return try serve(layers, map, server) }
        do throws(SystemError) {
            let covers = try MappedLayers.cover(layers.lowers, by: namespace)
            defer { covers.remove() }
            return try mount(layers, wanted, server)
        } catch {
            // Only root of the machine may, from Linux 5.12 on (overlay: 5.19) and on file systems that know how.
            guard let map else { throw error }
            if wanted == nil, !MappedLayers.hasCopies(of: layers.lowers, map), FuseOverlay.obstacle() == nil,
                let root = try serveUnlessRefused(layers, map, server)
            {
                return root
            }
            let copies = try MappedLayers.copies(of: layers.lowers, map)
            let hasMountPoints = layers.mountPoints != nil
            return try mount(
                RootMount.Layers(
                    image: (hasMountPoints ? copies.dropLast() : copies[...]).reversed(),
                    mountPoints: hasMountPoints ? copies.last : nil), wanted, server)
        }
    }

    private func mount(
        _ layers: RootMount.Layers, _ wanted: StorageDriver?, _ server: RootServer
    ) throws(SystemError) -> FileDescriptor {
        switch wanted {
        case .copy: return try copy(layers)
        case .fuseOverlay: return try serve(layers, nil, server)
        case .overlay, nil: break
        }
        do throws(SystemError) { return try overlay(layers) } catch {
            guard Self.isRefusal(error.errno) else { throw error }
            let isForced = driver == .overlay
            // Where it has files, they are an overlay's.
            do throws(SystemError) { try RootMount.giveWay(in: directory) } catch let other {
                guard other.errno == .notEmpty else { throw other }
                throw error
            }
            if isForced { throw error }
            if let root = try serveUnlessRefused(layers, nil, server) { return root }
            return try copy(layers)
        }
    }

    /// Whether the kernel refuses an overlay with `errno`: a store on an overlay or a network file system, no overlay in
    /// user namespaces (before Linux 5.11, and below some filters), or none at all.
    static func isRefusal(_ errno: Errno) -> Bool {
        switch errno {
        case .invalid, .notPermitted, .notSupported, .notImplemented, Errno(ENODEV): true
        default: false
        }
    }

    // MARK: the drivers

    private func overlay(_ layers: RootMount.Layers) throws(SystemError) -> FileDescriptor {
        if isReadOnly {
            return try RootMount.makeReadOnly(
                layers, mountPoints: mountPoints, directory: directory, volatile: isVolatile,
                opensDevices: opensDevices)
        }
        return try RootMount.make(
            layers, directory: directory, volatile: isVolatile, opensDevices: opensDevices, isNew: isNew)
    }

    private func copy(_ layers: RootMount.Layers) throws(SystemError) -> FileDescriptor {
        try RootMount.copy(layers, directory: directory, opensDevices: opensDevices)
    }

    private func serve(
        _ layers: RootMount.Layers, _ map: IDMap?, _ server: RootServer
    ) throws(SystemError) -> FileDescriptor {
        if isReadOnly {
            let served = try serve(layers, map, isReadOnly: true)
            server.current = served.server
            if RootMount.hasAll(mountPoints, served.root) { return served.takeRoot() }
            Overlay.letGo(served.root)
            endLifetime(served.takeRoot())
            server.finish()
        }
        let served = try serve(layers, map, isReadOnly: false)
        server.current = served.server
        return served.takeRoot()
    }

    private func serve(
        _ layers: RootMount.Layers, _ map: IDMap?, isReadOnly: Bool
    ) throws(SystemError) -> FuseOverlay.Served {
        try FuseOverlay.mount(
            layers, map: map, directory: directory, isReadOnly: isReadOnly, volatile: isVolatile,
            opensDevices: opensDevices)
    }

    // nil where that does not work here.
    private func serveUnlessRefused(
        _ layers: RootMount.Layers, _ map: IDMap?, _ server: RootServer
    ) throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) { return try serve(layers, map, server) } catch {
            try FuseOverlay.giveWay(in: directory)
            return nil
        }
    }
}
