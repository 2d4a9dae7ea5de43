package import Runtime
package import Store

/// Every operation on containers and images, for whatever front end: a value that names a user's store.
package struct Engine: Sendable {
    package let paths: StorePaths
    package let images: ImageStore
    package let containers: ContainerStore
    /// The program that workers are started from: this one.
    package var executable = "/proc/self/exe"

    /// The engine for the store at `paths`, whose directories are made where they are missing. Throws what
    /// `StorePaths.prepare()` finds wrong with them.
    package init(_ paths: StorePaths) throws(EngineError) {
        do throws(StoreError) { try paths.prepare() } catch { throw EngineError(error) }
        self.paths = paths
        images = ImageStore(paths)
        containers = ContainerStore(paths)
    }

    /// The layers that a process in `mode` unpacks and mounts: without subordinate ids all files belong to one
    /// user, and such layers are kept apart.
    package func layers(_ mode: UserNamespace.Mode) -> LayerStore {
        LayerStore(paths, mode == .single ? .squashed : .full)
    }
}
