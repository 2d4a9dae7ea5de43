import ContainerSpec
import Errors
import Images
import Linux
import Runtime
import Store

/// What the parts of a build work with.
struct BuildTools: Sendable {
    let paths: StorePaths
    /// What is done to the store's images.
    let images: ImageService
    /// The layers of this user's containers.
    let layers: LayerStore
    /// The program that workers are started from.
    let executable: String
    /// What root file systems are mounted with; nil: the best that works.
    let storageDriver: StorageDriver?
    /// Ends the build.
    var cancellation: Cancellation

    /// Throws what a build that was cancelled ends with.
    func checkCancellation() throws(EngineError) {
        if cancellation.isCancelled { throw EngineError("context canceled", .cancelled) }
    }
}
