package import ContainerSpec
package import Errors
import Images
package import Logs
import Runtime
package import Store
import Workers

/// Every operation on containers and images, for whatever front end: a value that names a user's store.
///
/// Its verbs may be called by several threads at once, but for `start(_:image:client:lingering:begun:)`, which forks: `run` alone
/// calls that, from a process with one thread. What else must fork does so in a process of its own (`Worker`).
package struct Engine: Sendable {
    package let paths: StorePaths
    package let images: ImageStore
    package let containers: ContainerStore
    /// The file in which this store's events are noted.
    package let eventLog: EventLog
    /// What new containers' root file systems are mounted with; nil: the best that works.
    package var storageDriver: StorageDriver?
    /// The program that workers are started from: this one.
    package var executable = "/proc/self/exe"

    /// The engine for the store at `paths`, whose directories are made where they are missing. Throws what
    /// `StorePaths.prepared()` finds wrong with them.
    package init(_ paths: StorePaths) throws(EngineError) {
        let paths = try engine { () throws(StoreError) in try paths.prepared() }
        self.paths = paths
        images = ImageStore(paths)
        containers = ContainerStore(paths)
        eventLog = EventLog(directory: paths.data)
    }

    /// What is done to this store's images.
    var imageService: ImageService { ImageService(paths, eventLog: eventLog, executable: executable) }

    /// The layers that this user's containers are mounted from.
    package var layers: LayerStore { LayerStore(paths, UserNamespace.plan().mode) }

    /// Writes `archive` to `output`, which is borrowed; see `ImageService.write(_:to:)`.
    func write(_ archive: TreeArchive, to output: CInt) throws(EngineError) -> TreeArchive.Result {
        try imageService.write(archive, to: output)
    }

    /// Removes `trees` and all below them, whoever the files belong to. Throws with the first that could not be
    /// removed; all are tried.
    package func removeTrees(_ trees: [String]) throws(EngineError) {
        try TreeRemoval(executable: executable, runDirectory: paths.run).remove(trees)
    }
}
