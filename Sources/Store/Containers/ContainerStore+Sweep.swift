import Bytes
import Linux

extension ContainerStore {
    /// What killed processes left.
    struct Garbage {
        /// Directories of containers that were removed.
        fileprivate var retired: [String] = []
        /// Containers without a record, `--rm` containers without a supervisor.
        fileprivate var ids: [String] = []
        /// Names that lead to no container, or to one of `ids`, with the ids that they lead to.
        fileprivate var names: [(name: String, id: String)] = []
        /// What has the place of a name and is none: no link.
        fileprivate var foreignNames: [String] = []
        /// Containers of which there is a run directory alone.
        fileprivate var runDirectories: [String] = []
    }

    /// Finds what killed processes left, and changes nothing. Throws where anything cannot be read: what it says is not
    /// there is not there.
    ///
    /// The caller holds the sweep's lock exclusively: no creator is between the one directory and the other then, and what
    /// stands alone is what a killed one left, however young it is.
    func findGarbage() throws(StoreError) -> Garbage {
        var garbage = Garbage()
        for entry in try list(paths.containers) {
            if RetiredTree.isOne(entry) {
                garbage.retired.append("\(paths.containers)/\(entry)")
            } else if Self.isID(entry), try !isPresent(recordPath(entry)), try !isHeld(entry) {
                garbage.ids.append(entry)
            }
        }
        let dead = Set(garbage.ids)
        for (id, name) in try names() {
            if !dead.contains(id), try isPresent(directory(id)) { continue }
            garbage.names.append((name, id))
        }
        for name in try list(paths.names) where name.firstLetter != "." {
            if try isForeignName(name) { garbage.foreignNames.append(name) }
        }
        for id in try list(paths.runningContainers) where try !isPresent(directory(id)) {
            garbage.runDirectories.append(id)
        }
        return garbage
    }

    /// Removes it, and returns the directories that are to be removed in the user namespace. `problem` gets what could
    /// not be removed.
    func remove(_ garbage: Garbage, problem: (StoreError) -> Void) -> [String] {
        var doomed = garbage.retired
        for id in garbage.ids {
            do throws(StoreError) {
                // Held means that its creator or its supervisor lives. The lock keeps it garbage while it goes.
                guard let hold = try tryHold(id), try !isPresent(recordPath(id)) else { continue }
                doomed.append(try remove(id, name: nil))
                _ = hold.rawValue
            } catch {
                if case .unknownContainer = error { continue }
                problem(error)
            }
        }
        // One that could not be removed, or is no garbage any more, keeps its name.
        for (name, id) in garbage.names where (try? isPresent(directory(id))) == false { release(name, of: id) }
        for name in garbage.foreignNames {
            do throws(StoreError) { try removeForeignName(name) } catch { problem(error) }
        }
        for id in garbage.runDirectories {
            do throws(StoreError) { try removeRunDirectory(id) } catch { problem(error) }
        }
        return doomed
    }

    private func list(_ folder: String) throws(StoreError) -> [String] {
        try doing("list \(folder)") { () throws(SystemError) in try Files.list(folder) }
    }
}
