import Errors
import Glibc
import Linux
import Store
import Workers

/// A directory of a build's own in the store: for an archive that is unpacked, a repository, a file that was fetched. It goes with the value.
///
/// It lies where layers do while they are unpacked, under such a name and held by such a lock: a sweep takes it when nobody holds it, as after
/// a kill.
final class TemporaryTree: Sendable {
    private let directory: ScratchDirectory
    private let removal: TreeRemoval

    /// Makes one, empty. Throws `EngineError`.
    init(_ tools: BuildTools) throws(EngineError) {
        removal = TreeRemoval(executable: tools.executable, runDirectory: tools.paths.run)
        do throws(StoreError) { directory = try tools.layers.makeScratch() } catch { throw EngineError(error) }
    }

    /// An absolute path.
    var path: String { directory.path }

    deinit { remove() }

    /// Removes it with all that is in it; what cannot be removed is left to a sweep.
    func remove() {
        do throws(EngineError) { _ = try removal.remove([path]) } catch {}
    }
}
