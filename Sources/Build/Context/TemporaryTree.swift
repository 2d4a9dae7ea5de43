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
    /// An absolute path.
    let path: String
    private let lock: FileDescriptor
    private let removal: TreeRemoval

    /// Makes one, empty. Throws `EngineError`.
    init(_ tools: BuildTools) throws(EngineError) {
        removal = TreeRemoval(executable: tools.executable, runDirectory: tools.paths.run)
        let folder = tools.layers.folder
        while true {
            let path = "\(folder)/.tmp.build-\(getpid()).\(randomHex(bytes: 8))"
            do throws(SystemError) {
                try Files.makeDirectory(path, mode: 0o700)
                let lock = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                try lock.lock()
                // A sweep that comes between takes it for abandoned.
                guard try Files.status(path, following: false).identity == lock.status().identity else { continue }
                self.path = path
                self.lock = lock
                return
            } catch {
                if error.errno == .noEntry, Files.exists(folder) { continue }
                throw EngineError("cannot make a directory for the build: \(error)")
            }
        }
    }

    deinit { remove() }

    /// Removes it with all that is in it; what cannot be removed is left to a sweep.
    func remove() {
        do throws(EngineError) { _ = try removal.remove([path]) } catch {}
        lock.unlock()
    }
}
