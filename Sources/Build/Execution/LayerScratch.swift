import Glibc
import ContainerSpec
import Errors
import Linux
import Store

/// A directory in which a step makes a layer: what a container's directory is for the files that it writes. Held as long as the value
/// lives; what is left in it then is taken by the next sweep, and by the end of the build.
final class LayerScratch: Sendable {
    private let directory: ScratchDirectory

    /// Makes it beside `layers`. Throws `EngineError`.
    init(_ layers: LayerStore) throws(EngineError) {
        do throws(StoreError) { directory = try layers.makeScratch() } catch { throw EngineError(error) }
    }

    var path: String { directory.path }

    /// An empty directory in it, for a step that stands on nothing. Throws `EngineError`.
    func makeEmptyLayer() throws(EngineError) -> String {
        let empty = path + "/empty"
        do throws(SystemError) {
            if try !Files.isPresent(empty) { try Files.makeContainerRoot(empty) }
        } catch { throw EngineError(error) }
        return empty
    }

    /// The driver that a step's files were written with; nil where it has written none. Throws `EngineError`.
    func driver() throws(EngineError) -> StorageDriver? {
        do throws(SystemError) { return try StorageDriver.keeping(path) } catch { throw EngineError(error) }
    }
}

extension Files {
    /// Makes `path` an empty directory for the root of a container. Throws `SystemError`, also where there is something.
    static func makeContainerRoot(_ path: String) throws(SystemError) {
        try makeDirectory(path, mode: 0o755)
        let made = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        // mkdir(2) obeys the umask.
        try setMode(of: made.rawValue, 0o755)
        endLifetime(made)
    }
}
