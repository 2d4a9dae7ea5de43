import Glibc
package import Linux

/// The containers of a user: a directory each, named by its id; links from names to ids; and, in the run
/// directory, the state of those that run. No Foundation: `run` writes all of it.
///
/// Whoever holds the lock on a container's directory (its creator, then its supervisor) keeps it from every sweep.
/// What nobody holds and no record describes is garbage.
package struct ContainerStore: Sendable {
    package let paths: StorePaths

    package init(_ paths: StorePaths) { self.paths = paths }

    /// The container's directory: record, upper directory, logs.
    package func directory(_ id: String) -> String { "\(paths.containers)/\(id)" }
    /// The container's directory for what does not outlive the boot.
    package func runDirectory(_ id: String) -> String { "\(paths.runningContainers)/\(id)" }

    /// A new id: 64 random hexadecimal digits.
    package static func newID() -> String { randomHex(bytes: 32) }

    /// Whether `text` has the form of a full id.
    package static func isID(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 64 && isHex(text)
    }

    /// Of a container's directory. Traversal is for the ids of the user namespace, which are others to the owner.
    package static let directoryMode: FileMode = 0o711
    /// Of the directory for its state.
    package static let runDirectoryMode: FileMode = 0o700

    /// Creates the container's directories, held by the caller, and claims its name, or a random one for nil. `mayHaveDirectories`: somebody
    /// has begun to make them; the caller holds off sweeps.
    ///
    /// Until `writeRecord` the container is not listed, and it is swept if its creator dies. Throws `invalidName`,
    /// `nameTaken`, or `failed`.
    package func create(
        _ id: String = newID(), name: String?, mayHaveDirectories: Bool = false
    ) throws(StoreError) -> ContainerClaim {
        let wanted: String? = if let name { try Self.validName(name) } else { nil }
        let hold = try makeDirectories(of: id, mayBeThere: mayHaveDirectories)
        do throws(StoreError) {
            let name = try claim(wanted, for: id)
            return ContainerClaim(id: id, name: name, hold: hold)
        } catch {
            removeDirectories(id)
            throw error
        }
    }

    /// As `create`, but without a name. Nobody but its creator knows the container then, and as long as it has no record no
    /// command finds it; when whoever holds it is gone it is swept. The caller holds off sweeps. Throws `failed`.
    package func createUnlisted() throws(StoreError) -> ContainerClaim {
        let id = Self.newID()
        return ContainerClaim(id: id, name: "", hold: try makeDirectories(of: id))
    }

    private func makeDirectories(of id: String, mayBeThere: Bool = false) throws(StoreError) -> FileDescriptor {
        do throws(SystemError) {
            let isRunThere = mayBeThere && Files.exists(runDirectory(id))
            if !isRunThere { try Files.makeDirectory(runDirectory(id), mode: Self.runDirectoryMode) }
            if mayBeThere, let hold = try lockNew(directory(id)) { return hold }
            return try makeHeld(directory(id))
        } catch {
            throw .failed(action: "create container \(id.prefix(12))", error)
        }
    }

    /// Makes the run directory of a container that is to be started where it is missing, for one that is held.
    package func makeRunDirectory(_ id: String) throws(StoreError) {
        try doing("make the run directory of container \(id.prefix(12))") { () throws(SystemError) in
            if !Files.exists(runDirectory(id)) {
                try Files.makeDirectory(runDirectory(id), mode: Self.runDirectoryMode)
            }
        }
    }

    private func makeHeld(_ path: String) throws(SystemError) -> FileDescriptor {
        while true {
            try Files.makeDirectory(path, mode: Self.directoryMode)
            if let directory = try lockNew(path) { return directory }
        }
    }

    // nil where a sweep that came between has removed what nobody held yet.
    private func lockNew(_ path: String) throws(SystemError) -> FileDescriptor? {
        let directory: FileDescriptor
        do throws(SystemError) {
            directory = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        } catch {
            if error.errno == .noEntry { return nil }
            throw error
        }
        try directory.lock()
        guard try directory.status().raw.st_nlink > 0 else { return nil }
        return directory
    }

    /// Removes the directories of a container that was never created; they are empty.
    package func removeDirectories(_ id: String) {
        rmdir(directory(id))
        rmdir(runDirectory(id))
    }

    /// Holds the container against sweeps and other verbs that change it; waits for who holds it now. Throws
    /// `unknownContainer` where it has gone meanwhile.
    package func hold(_ id: String) throws(StoreError) -> FileDescriptor {
        guard let hold = try hold(id, waiting: true) else { throw .unknownContainer(id) }
        return hold
    }

    /// As `hold`, but nil where somebody holds it: its supervisor lives.
    package func tryHold(_ id: String) throws(StoreError) -> FileDescriptor? { try hold(id, waiting: false) }

    private func hold(_ id: String, waiting: Bool) throws(StoreError) -> FileDescriptor? {
        do throws(SystemError) {
            let directory = try FileDescriptor.open(directory(id), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            guard try directory.lock(waiting: waiting) else { return nil }
            if try directory.status().raw.st_nlink == 0 { throw SystemError("open", nil, .noEntry) }
            return directory
        } catch {
            if error.errno == .noEntry { throw .unknownContainer(id) }
            throw .failed(action: "lock container \(id.prefix(12))", error)
        }
    }

    /// Whether somebody, its creator or its supervisor, holds the container.
    /// Throws where that cannot be told: a container that nobody holds is garbage to some.
    package func isHeld(_ id: String) throws(StoreError) -> Bool {
        do throws(SystemError) {
            let directory = try FileDescriptor.open(directory(id), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            return try !directory.lock(.shared, waiting: false)
        } catch {
            if error.errno == .noEntry || error.errno == .notDirectory { return false }
            throw .failed(action: "see whether container \(id.prefix(12)) is held", error)
        }
    }

    /// Serialises verbs that change one container's state, the supervisor's own steps not included.
    package func lockVerbs(_ id: String) throws(StoreError) -> FileLock {
        try doing("lock container \(id.prefix(12))") { () throws(SystemError) in
            if !Files.exists(runDirectory(id)) {
                try? Files.makeDirectory(runDirectory(id), mode: Self.runDirectoryMode)
            }
            return try FileLock(runDirectory(id) + "/lock")
        }
    }
}

/// A container that was just created: its names, and the lock that keeps it (see `ContainerStore`).
package struct ContainerClaim: ~Copyable, Sendable {
    package let id: String
    package let name: String
    /// The locked directory. A forked supervisor that keeps it keeps the lock after the creator is gone.
    package let hold: FileDescriptor

    package init(id: String, name: String, hold: consuming FileDescriptor) {
        self.id = id
        self.name = name
        self.hold = hold
    }
}
