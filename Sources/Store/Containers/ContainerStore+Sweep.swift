import Linux

extension ContainerStore {
    /// Removes what killed processes left (containers without a record, `--rm` containers without a supervisor,
    /// names and run directories of neither), and returns the directories that are to be removed in the user
    /// namespace.
    ///
    /// The caller holds the sweep's lock exclusively: no creator is between the one directory and the other then, and what
    /// stands alone is what a killed one left, however young it is.
    package func sweep() throws(StoreError) -> [String] {
        var doomed: [String] = []
        let entries = try doing("list the containers") { () throws(SystemError) in try Files.list(paths.containers) }
        for entry in entries {
            if entry.hasPrefix(".dead.") {
                doomed.append("\(paths.containers)/\(entry)")
            } else if Self.isID(entry), !Files.exists(recordPath(entry)) {
                // Held means that its creator or its supervisor lives. The lock keeps it garbage while it goes.
                guard let hold = try? tryHold(entry) else { continue }
                guard !Files.exists(recordPath(entry)) else { continue }
                doomed.append(try remove(entry, name: nil))
                _ = hold.rawValue
            }
        }
        for (id, name) in try names() where !Files.exists(directory(id)) { release(name, of: id) }
        for id in (try? Files.list(paths.runningContainers)) ?? [] where !Files.exists(directory(id)) {
            try? Files.removeTree(runDirectory(id))
        }
        return doomed
    }
}
