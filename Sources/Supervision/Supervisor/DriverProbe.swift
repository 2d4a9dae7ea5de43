package import ContainerSpec
import Glibc
package import Linux
import Runtime

/// What came of trying the storage drivers on a store: by real mounts, in the namespace that containers would be in.
package struct DriverProbe: Sendable {
    /// Why each driver cannot be used; those that can are not in it.
    package var refusals: [StorageDriver: String] = [:]
    /// The kind of file system that the store is on, as Docker names it.
    package var fileSystem = "<unknown>"
    /// Whether copies share blocks with what they are of.
    package var hasReflinks = false

    /// The first that works.
    package var best: StorageDriver { StorageDriver.allCases.first { refusals[$0] == nil } ?? .copy }

    /// What nobody has tried.
    package init() {}

    /// Tries the drivers below `folder`, the directory of the store's layers. To be called by a process with one thread
    /// that is in the user's namespace and has a mount namespace of its own. Throws `SystemError` where nothing can be
    /// made in `folder`.
    package static func run(in folder: String) throws(SystemError) -> DriverProbe {
        let path = "\(folder)/.tmp.probe.\(getpid()).\(randomHex(bytes: 4))"
        try Files.makeDirectory(path, mode: 0o700)
        defer { try? Files.removeTree(path) }
        let directory = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        // What has no lock is taken for abandoned by a sweep.
        try directory.lock()
        var probe = DriverProbe()
        probe.fileSystem = name(of: try directory.fileSystemType())
        let lower = "\(path)/lower"
        try Files.makeDirectory(lower, mode: 0o755)
        let layers = RootMount.Layers(image: [lower], mountPoints: nil)
        do throws(SystemError) {
            let root = try RootMount.make(layers, directory: path, volatile: true, opensDevices: false)
            defer { Overlay.letGo(root) }
            _ = try FileDescriptor.open("file", in: root.rawValue, O_WRONLY | O_CREAT)
        } catch { probe.refusals[.overlay] = "\(error)" }
        do throws(SystemError) {
            let served = try FuseOverlay.mount(
                layers, map: nil, directory: path, isReadOnly: false, volatile: true, opensDevices: false)
            let server = served.server
            let root = served.takeRoot()
            defer { server.finish() }
            _ = try FileDescriptor.open("file", in: root.rawValue, O_WRONLY | O_CREAT)
            Overlay.letGo(root)
            endLifetime(root)
        } catch { probe.refusals[.fuseOverlay] = "\(error)" }
        try Files.write([0], to: "\(path)/one")
        let one = try FileDescriptor.open("\(path)/one", O_RDONLY)
        let other = try FileDescriptor.open("\(path)/two", O_WRONLY | O_CREAT)
        do throws(SystemError) {
            try other.share(blocksOf: one)
            probe.hasReflinks = true
        } catch {}
        return probe
    }

    // Docker's names for what statfs(2) says.
    private static func name(of type: FileSystemType) -> String {
        switch type.magic {
        case 0xef53: "extfs"
        case 0x5846_5342: "xfs"
        case 0x9123_683e: "btrfs"
        case FileSystemType.tmpfs.magic: "tmpfs"
        case FileSystemType.overlay.magic: "overlayfs"
        case 0x6969: "nfs"
        case 0x2fc1_2fc1: "zfs"
        case 0x6573_5546: "fuse"
        case 0xf2f5_2010: "f2fs"
        default: "<unknown>"
        }
    }
}
