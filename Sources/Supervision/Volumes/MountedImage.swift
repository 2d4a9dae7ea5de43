import Bytes
import ContainerSpec
import Errors
import Glibc
import Linux
import OCI
import Runtime
import Store

/// An image whose files a container has beside its own (`--mount type=image`), as its supervisor deals with it.
struct MountedImage: Sendable {
    /// The directories of its layers, the lowest first.
    let layers: [String]
    /// Where the container has it.
    let destination: String
    let readOnly: Bool
    /// The part of it that is mounted; nil for all.
    let subpath: String?

    /// Those that `options` name, whose layers are in `store`. Throws where one is not there any more.
    static func all(of options: RunOptions, in store: LayerStore) throws(EngineError) -> [MountedImage] {
        var list: [MountedImage] = []
        for mount in options.mounts {
            guard case .image(let image) = mount.kind else { continue }
            for layer in image.layers where !store.has(layer) {
                throw EngineError(
                    "layer \(layer) of image \(image.source), which is mounted at \(mount.destination), is not there for "
                        + "this id map: pull the image again")
            }
            list.append(
                MountedImage(
                    layers: image.layers.map { store.path(of: $0) }, destination: mount.destination,
                    readOnly: mount.readOnly, subpath: image.subpath))
        }
        return list
    }
}

extension Supervisor {
    /// Mounts the images that the container has beside its own, each as its root file system is mounted, and leads the
    /// mounts of `spec` to them. They stay attached in this mount namespace until `letGoImages`.
    func mountImages(
        _ spec: inout RuntimeSpec, _ namespace: borrowing FileDescriptor?
    ) throws(SupervisorFailure) -> [CInt] {
        var opened: [CInt] = []
        for (number, image) in request.images.enumerated() {
            do throws(SystemError) {
                guard let place = spec.mounts?.firstIndex(where: { $0.destination.isSame(as: image.destination) })
                else { continue }
                let part = try mount(image, as: Self.imageName(number), namespace).release()
                opened.append(part)
                // By its number, which the process that becomes the container has too.
                spec.mounts?[place].source = "/proc/self/fd/\(part)"
            } catch {
                for descriptor in opened { close(descriptor) }
                letGoImages()
                if let subpath = image.subpath, error.errno == .noEntry || error.errno == .notDirectory {
                    throw SupervisorFailure(
                        "cannot access path \(subpath) of the image at \(image.destination): \(error.errno)",
                        exitCode: 127)
                }
                throw SupervisorFailure("cannot mount an image at \(image.destination): \(error)")
            }
        }
        return opened
    }

    /// Takes what `mountImages` attached out of this mount namespace: the container's process has a copy of it.
    func letGoImages() {
        for number in request.images.indices { letGo(Self.imageName(number)) }
    }

    private static func imageName(_ number: Int) -> String { "images/\(number)" }

    /// Takes what `mount(_:as:_:)` attached out of this mount namespace.
    func letGo(_ name: String) { try? MountCalls.detach("\(request.runDirectory)/\(name)") }

    /// Mounts `image` as root file systems are mounted, with a directory for what is written at `name` in the container's own.
    /// Returns what is to appear in the container; the mount stays attached at `name` in the run directory until `letGo`.
    func mount(
        _ image: MountedImage, as name: String, _ namespace: borrowing FileDescriptor?
    ) throws(SystemError) -> FileDescriptor {
        let own = "\(request.containers.directory(request.id))/\(name)"
        try Files.makeDirectories(own)
        var source = RootSource(
            root: .layers(image.layers), map: request.ownUserNamespace, directory: own, driver: request.storageDriver,
            isReadOnly: image.readOnly, mountPoints: [], isVolatile: request.autoRemove, opensDevices: false)
        source.hasMountPoints = false
        let server = RootServer()
        let root = try source.mount(namespace, server)
        if let process = server.current { rootServer.others.append(process) }
        let attached: FileDescriptor
        if MountInterface.hasTrees {
            let place = "\(request.runDirectory)/\(name)"
            try Files.makeDirectories(place)
            let tree = MountTree(owning: root)
            try tree.attach(to: place)
            attached = tree.release()
        } else {
            attached = root
        }
        guard let subpath = image.subpath else { return attached }
        return try RootDirectory(attached).open(subpath)
    }
}
