import Glibc
import Linux
import OCI

/// The directory `--root`: a directory for each container.
struct StateStore: Sendable {
    let root: String

    /// Claims the name `id` and holds its lock. A directory that a killed `create` left without a record is taken over.
    func claim(_ id: String) throws(OCIError) -> StateDirectory {
        try ContainerID.check(id)
        let path = "\(root)/\(id)"
        do {
            let root = try makeRoot()
            while true {
                let isNew: Bool
                do throws(SystemError) {
                    try Files.makeDirectory(id, in: root.rawValue, mode: 0o711)
                    isNew = true
                } catch {
                    guard error.errno == .exists else { throw error }
                    isNew = false
                }
                let folder: FileDescriptor
                do throws(SystemError) {
                    folder = try FileDescriptor.open(id, in: root.rawValue, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                } catch {
                    guard error.errno == .noEntry else { throw error }
                    continue
                }
                guard try folder.lock(waiting: isNew) else { throw taken(id) }
                // Somebody may have removed it before we had the lock.
                guard try folder.status().linkCount > 0 else { continue }
                let directory = StateDirectory(id: id, path: path, folder: folder)
                guard try !directory.isPresent(.record) else { throw taken(id) }
                directory.clear()
                return directory
            }
        } catch let error as OCIError { throw error } catch {
            throw OCIError("cannot create the container \(id): \(error)")
        }
    }

    private func taken(_ id: String) -> OCIError { OCIError("container with id exists: \(id)") }

    /// Opens the directory of a container, without its lock.
    func open(_ id: String) throws(OCIError) -> StateDirectory {
        try ContainerID.check(id)
        let path = "\(root)/\(id)"
        guard let root = try openRoot() else { throw OCIError("container \(id) does not exist") }
        do throws(SystemError) {
            return StateDirectory(
                id: id, path: path,
                folder: try FileDescriptor.open(id, in: root.rawValue, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
        } catch {
            if error.errno == .noEntry { throw OCIError("container \(id) does not exist") }
            throw OCIError("cannot open the state of the container \(id): \(error)")
        }
    }

    /// The names of all containers, sorted.
    func ids() throws(OCIError) -> [String] {
        guard let root = try openRoot() else { return [] }
        do throws(SystemError) {
            return try Files.list(".", in: root.rawValue).filter { (try? ContainerID.check($0)) != nil }.sorted()
        } catch { throw OCIError("cannot list the containers in \(self.root): \(error)") }
    }

    /// The directory itself; nil where there is none.
    private func openRoot() throws(OCIError) -> FileDescriptor? {
        do throws(PrivateDirectory.Refusal) { return try PrivateDirectory.open(root) } catch {
            if error.isMissing { return nil }
            throw refusal(error)
        }
    }

    private func makeRoot() throws(OCIError) -> FileDescriptor {
        do throws(PrivateDirectory.Refusal) { return try PrivateDirectory.make(root) } catch { throw refusal(error) }
    }

    private func refusal(_ cause: PrivateDirectory.Refusal) -> OCIError {
        OCIError("the directory \(root) cannot hold the state of containers: \(cause) (--root names another one)")
    }
}

/// The directory of one container.
struct StateDirectory: ~Copyable {
    /// What is in it.
    enum Entry: String, CaseIterable {
        /// `ContainerRecord`.
        case record = "state.json"
        /// The configuration as it was when the container was created.
        case config = "config.json"
        /// The gate's pipe of orders; it has its name once the creation is complete.
        case orders = "start"
        case newOrders = "start.new"
        case answers = "answer"
    }

    /// The directory with the container's end of `NotifySocket`, and the socket in it.
    static let notifyFolder = "notify"
    static let notifySocket = "notify"

    let id: String
    let path: String
    let folder: FileDescriptor

    func path(_ entry: Entry) -> String { "\(path)/\(entry.rawValue)" }
    func has(_ entry: Entry) -> Bool { Files.exists(entry.rawValue, in: folder.rawValue) }
    /// As `has`; throws where that cannot be seen.
    func isPresent(_ entry: Entry) throws(SystemError) -> Bool {
        try Files.isPresent(entry.rawValue, in: folder.rawValue)
    }

    func read(_ entry: Entry) throws(OCIError) -> [UInt8] {
        do throws(SystemError) {
            return try Files.read(entry.rawValue, in: folder.rawValue, limit: 64 << 20)
        } catch {
            if error.errno == .noEntry { throw OCIError("container \(id) does not exist") }
            throw OCIError("cannot read the state of the container \(id): \(error)")
        }
    }

    // It does not outlive the boot: no sync.
    func write(_ bytes: [UInt8], to entry: Entry) throws(SystemError) {
        try Files.replace(entry.rawValue, in: folder.rawValue, with: bytes, mode: 0o600, durable: false)
    }

    func record() throws(OCIError) -> ContainerRecord { try ContainerRecord(read(.record), path: path(.record)) }

    /// Removes what is in it.
    func clear() {
        for entry in Entry.allCases { try? Files.unlink(entry.rawValue, in: folder.rawValue) }
        try? Files.unlink("\(Self.notifyFolder)/\(Self.notifySocket)", in: folder.rawValue)
        unlinkat(folder.rawValue, Self.notifyFolder, AT_REMOVEDIR)
        // Temporary files of a killed process.
        for name in (try? Files.list(".", in: folder.rawValue)) ?? [] { try? Files.unlink(name, in: folder.rawValue) }
    }

    /// Removes it all: the name is free then.
    func remove() throws(OCIError) {
        // The record first: without it there is no container, whatever else is left.
        clear()
        if rmdir(path) < 0, Errno.current != .noEntry {
            throw OCIError("cannot remove the state of the container \(id): \(SystemError("rmdir", path))")
        }
    }
}
