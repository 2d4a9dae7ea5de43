import Bytes
import Glibc
import Linux

extension VolumeStore {
    /// What killed processes left of volumes.
    package struct Leftovers: Sendable {
        /// Directories of volumes that were being made or removed.
        package var directories: [String] = []
        /// The names of volumes that should have gone with their container (`--rm`).
        package var orphans: [String] = []
        /// References and marks of mounts of containers that are gone.
        package var references: [String] = []
    }

    /// Finds what killed processes left, and changes nothing. A volume that cannot be read is left out, and `problem` told.
    /// Throws `failed`.
    package func findLeftovers(problem: (StoreError) -> Void) throws(StoreError) -> Leftovers {
        let containers = ContainerStore(paths)
        var found = Leftovers()
        for name in try names(in: folder) {
            if RetiredTree.isOne(name) {
                found.directories.append("\(folder)/\(name)")
            } else if name.begins(with: Self.temporary) {
                if try isAbandoned("\(folder)/\(name)") { found.directories.append("\(folder)/\(name)") }
            } else if name.firstLetter != "." {
                do throws(StoreError) {
                    for folder in [references(name), "\(directory(of: name))/mounts"] {
                        for id in try names(in: folder) where try !containers.isPresent(containers.directory(id)) {
                            found.references.append("\(folder)/\(id)")
                        }
                    }
                    guard let owner = try find(name)?.owner, ContainerStore.isID(owner),
                        try !containers.isPresent(containers.directory(owner)), try users(of: name).isEmpty
                    else { continue }
                    found.orphans.append(name)
                } catch { problem(error) }
            }
        }
        return found
    }

    /// Removes what killed processes left, and returns the directories that are to be removed in the user namespace. The
    /// caller holds the sweep's lock exclusively: nobody makes a container or a volume. Throws `failed`.
    func sweep(problem: (StoreError) -> Void) throws(StoreError) -> [String] {
        let found = try findLeftovers(problem: problem)
        for path in found.references { unlink(path) }
        var doomed = found.directories
        for name in found.orphans {
            do throws(StoreError) { doomed.append(try remove(name)) } catch {
                switch error {
                // --volumes-from: it goes with the last of them.
                case .conflict, .unknownVolume: continue
                default: problem(error)
                }
            }
        }
        return doomed
    }

    private func isAbandoned(_ path: String) throws(StoreError) -> Bool {
        try doing("look at \(path)") { () throws(SystemError) in
            do throws(SystemError) {
                return try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY).lock(waiting: false)
            } catch {
                if error.errno == .noEntry { return false }
                throw error
            }
        }
    }
}
