import ContainerSpec
package import Errors
package import Logs
import Runtime
package import Store
import Workers

/// What is done to the images of a store: pulled, loaded, imported, unpacked. The engine's verbs call it.
package struct ImageService: Sendable {
    package let paths: StorePaths
    package let images: ImageStore
    /// Where what was done is noted.
    package let eventLog: EventLog
    /// The program that workers are started from.
    let executable: String

    /// The images of the store at `paths`. `executable` is this program's path.
    package init(_ paths: StorePaths, eventLog: EventLog, executable: String) {
        self.paths = paths
        self.eventLog = eventLog
        self.executable = executable
        images = ImageStore(paths)
    }

    /// The layers that this user's containers are mounted from.
    package var layers: LayerStore { LayerStore(paths, UserNamespace.plan().mode) }

    /// Removes everything that nothing refers to: unused blobs and layers, and what killed processes left. Throws
    /// `EngineError`.
    @discardableResult
    package func sweep() throws(EngineError) -> StoreSweep.Outcome {
        try engine {
            var outcome = try StoreSweep(paths).run()
            outcome.bytes += try removeTrees(outcome.doomed)
            return outcome
        }
    }

    /// Removes `trees`, which were taken out of the store; returns the bytes that the disk got back. Throws `EngineError`.
    @discardableResult package func removeTrees(_ trees: [String]) throws(EngineError) -> Int64 {
        try TreeRemoval(executable: executable, runDirectory: paths.run).remove(trees)
    }
}
