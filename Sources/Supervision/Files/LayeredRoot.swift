package import ContainerSpec
import Glibc
package import Linux

/// A root file system of layers, without a container: what a worker process reads from or writes into.
package struct LayeredRoot: ~Copyable {
    /// The open root directory; it is attached nowhere, or where only the calling process sees it.
    package let root: FileDescriptor
    private let server: RootServer

    /// Mounts `layers` (directories, the lowest first, of which there is one at least). What is written goes below `directory`, as that of
    /// a container does, by `driver` or else by the best that works; it need not survive a crash of the machine before the caller
    /// has seen to that. `isReadOnly`: nothing is written, but `directory` may get a copy of the layers where there is no overlay.
    ///
    /// The calling process has one thread, and its own mount namespace. Throws `SystemError`.
    package init(
        _ layers: [String], in directory: String, driver: StorageDriver?, isReadOnly: Bool
    ) throws(SystemError) {
        server = RootServer()
        let source = RootSource(
            root: .layers(layers), map: nil, directory: directory, driver: driver, isReadOnly: isReadOnly,
            mountPoints: [],
            hasMountPoints: false, isVolatile: true, opensDevices: false)
        root = try source.mount(nil, server)
    }

    /// Lets the root go, and waits until what serves it has written back what it had.
    package consuming func close() {
        let server = server
        Overlay.letGo(root)
        endLifetime(root)
        server.finish()
    }
}
