import Bytes
import Glibc
package import Linux

/// The volumes of a user: a directory each, named as the volume, with its record, its files (`_data`), and a file for each
/// container that refers to it.
///
/// A reference counts as long as its container is there. Whoever adds one holds the lock of the volume's directory shared,
/// whoever removes the volume holds it exclusively: so none that is referred to can go.
package struct VolumeStore: Sendable {
    let paths: StorePaths

    package init(_ paths: StorePaths) { self.paths = paths }

    static let temporary = ".new."

    var folder: String { paths.data + "/volumes" }

    /// The directory of the volume `name`.
    package func directory(of name: String) -> String { "\(folder)/\(name)" }

    /// Where its files are (Docker's mount point).
    package func data(of name: String) -> String { "\(folder)/\(name)/_data" }

    private func recordPath(_ name: String) -> String { "\(folder)/\(name)/record" }
    func references(_ name: String) -> String { "\(folder)/\(name)/containers" }

    /// Throws `conflict` for what cannot be a volume's name, in Docker's words.
    package static func checkName(_ name: String) throws(StoreError) {
        let isName =
            name.utf8.first.map(isAlphanumeric) ?? false
            && name.utf8.allSatisfy { isAlphanumeric($0) || $0 == 95 || $0 == 46 || $0 == 45 }
        guard isName else {
            throw .invalid(
                "create \(name): \"\(name)\" includes invalid characters for a local volume name, only "
                    + "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
            )
        }
        guard name.utf8.count > 1 else {
            throw .invalid(
                "create \(name): volume name is too short, names should be at least two alphanumeric characters")
        }
        guard name.utf8.count <= 255 else {
            throw .invalid("create \(name.utf8.prefix(40)): volume name is too long: it has more than 255 bytes")
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    /// Makes the volume, unless there is one with its name: then that is left as it is. Returns the one that is there, and
    /// whether it is new. Throws `invalid` for its name, `corrupt` and `failed`.
    package func create(_ definition: VolumeDefinition) throws(StoreError) -> (VolumeDefinition, isNew: Bool) {
        try Self.checkName(definition.name)
        if let present = try find(definition.name) { return (present, false) }
        var encoder = WireEncoder()
        definition.encode(to: &encoder)
        let bytes = encoder.bytes
        // What goes with its container need not outlive the machine.
        let durable = definition.owner == nil
        let temporary = "\(folder)/\(Self.temporary)\(randomHex(bytes: 8))"
        let isNew = try doing("create volume \(definition.name)") { () throws(SystemError) in
            // Traversal is for the ids of the user namespace, which are others to the owner.
            try Files.makeDirectories(folder, mode: 0o711)
            try Files.makeDirectory(temporary, mode: 0o711)
            do throws(SystemError) {
                // Nobody sweeps what is held.
                let held = try FileDescriptor.open(temporary, O_RDONLY | O_DIRECTORY)
                _ = try held.lock(.shared)
                try Files.makeDirectory("\(temporary)/_data", mode: 0o755)
                try Files.makeDirectory("\(temporary)/containers", mode: 0o700)
                try Files.write(bytes, to: "\(temporary)/record", mode: 0o600)
                if durable {
                    try FileDescriptor.open("\(temporary)/record", O_RDONLY).sync()
                    try held.sync()
                }
                try Files.renameExclusively(temporary, to: directory(of: definition.name))
                if durable { try Files.syncDirectory(folder) }
                return true
            } catch {
                try? Files.removeTree(temporary)
                // Another command was faster.
                if error.errno == .exists { return false }
                throw error
            }
        }
        if isNew { return (definition, true) }
        return (try read(definition.name), false)
    }

    /// The volume `name`. Throws `unknownVolume` where there is none, `corrupt` and `failed`.
    package func read(_ name: String) throws(StoreError) -> VolumeDefinition {
        guard let volume = try find(name) else { throw .unknownVolume(name) }
        return volume
    }

    /// The volume `name`; nil where there is none. Throws `corrupt` and `failed`.
    package func find(_ name: String) throws(StoreError) -> VolumeDefinition? {
        do throws(StoreError) { try Self.checkName(name) } catch { return nil }
        let path = recordPath(name)
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try Files.read(path, limit: 1 << 20) } catch {
            if error.errno == .noEntry || error.errno == .notDirectory { return nil }
            throw .failed(action: "read \(path)", error)
        }
        do throws(WireError) {
            var decoder = WireDecoder(bytes)
            let volume = try VolumeDefinition(from: &decoder)
            guard volume.name.isSame(as: name), decoder.remaining == 0 else { throw WireError.invalidValue("volume") }
            return volume
        } catch { throw .corrupt(path: path, cause: error.description) }
    }

    /// All volumes by their names. One whose record cannot be read is left out, and `problem` told. Throws `failed` where
    /// there is no list.
    package func list(problem: (StoreError) -> Void) throws(StoreError) -> [VolumeDefinition] {
        var volumes: [VolumeDefinition] = []
        for name in try names(in: folder) where name.firstLetter != "." {
            do throws(StoreError) {
                if let volume = try find(name) { volumes.append(volume) }
            } catch { problem(error) }
        }
        return volumes.sorted { $0.name.comes(before: $1.name) }
    }

    func names(in folder: String) throws(StoreError) -> [String] {
        try doing("list \(folder)") { () throws(SystemError) in
            do throws(SystemError) { return try Files.list(folder) } catch {
                if error.errno == .noEntry { return [] }
                throw error
            }
        }
    }

    // MARK: references

    // The volume's directory, locked; nil where it is not there, or has gone while somebody else had the lock.
    private func lock(_ name: String, _ kind: FileLock.Kind) throws(StoreError) -> FileDescriptor? {
        try doing("lock volume \(name)") { () throws(SystemError) -> FileDescriptor? in
            do throws(SystemError) {
                let directory = try FileDescriptor.open(directory(of: name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                _ = try directory.lock(kind)
                let here = try Files.status(self.directory(of: name))
                if try directory.status().identity != here.identity { return nil }
                return directory
            } catch {
                if error.errno == .noEntry { return nil }
                throw error
            }
        }
    }

    /// Notes that the container `id`, which is held, uses the volume. Throws `unknownVolume` and `failed`.
    package func addReference(to name: String, of id: String, durable: Bool) throws(StoreError) {
        guard let lock = try lock(name, .shared) else { throw .unknownVolume(name) }
        defer { lock.unlock() }
        try doing("refer to volume \(name)") { () throws(SystemError) in
            try Files.write([], to: "\(references(name))/\(id)", mode: 0o600)
            if durable { try Files.syncDirectory(references(name)) }
        }
    }

    /// Forgets that the container `id` uses the volume; it need not have.
    package func removeReference(to name: String, of id: String) {
        guard (try? Self.checkName(name)) != nil else { return }
        unlink("\(references(name))/\(id)")
    }

    /// The containers that use the volume. Throws where it cannot be told of one.
    package func users(of name: String) throws(StoreError) -> [String] {
        let containers = ContainerStore(paths)
        var users: [String] = []
        for id in try names(in: references(name)) where ContainerStore.isID(id) {
            guard try containers.isPresent(containers.directory(id)) else { continue }
            // Without a record it is being made, as long as somebody holds it.
            if try containers.isPresent(containers.recordPath(id)) {
                users.append(id)
            } else if try containers.isHeld(id) {
                users.append(id)
            }
        }
        return users
    }

    /// A lock with which the volume cannot be removed, for who reads or writes its files without a container. It is released
    /// by its word, or with the last process that has the descriptor. Throws `unknownVolume` and `failed`.
    package func hold(_ name: String) throws(StoreError) -> FileDescriptor {
        try Self.checkKnown(name)
        // Who has it exclusively removes the volume, which takes a moment.
        guard let record = try lockRecord(name, .shared, waiting: true) else { throw .unknownVolume(name) }
        return record
    }

    // nil where it is not waited for and somebody else has it, and where the volume is gone.
    private func lockRecord(
        _ name: String, _ kind: FileLock.Kind, waiting: Bool
    ) throws(StoreError) -> FileDescriptor? {
        try doing("lock volume \(name)") { () throws(SystemError) -> FileDescriptor? in
            do throws(SystemError) {
                let record = try FileDescriptor.open(recordPath(name), O_RDONLY | O_NOFOLLOW)
                guard try record.lock(kind, waiting: waiting) else { return nil }
                let here = try Files.status(recordPath(name))
                if try record.status().identity != here.identity { return nil }
                return record
            } catch {
                if error.errno == .noEntry { return nil }
                throw error
            }
        }
    }

    /// Takes the volume out of the store and returns the directory that is left for removal in the user namespace. Throws
    /// `unknownVolume`, and `conflict` where containers use it.
    package func remove(_ name: String) throws(StoreError) -> String {
        try Self.checkKnown(name)
        guard let lock = try lock(name, .exclusive) else { throw .unknownVolume(name) }
        defer { lock.unlock() }
        let users = try users(of: name)
        guard users.isEmpty else {
            throw .conflict("remove \(name): volume is in use - [\(users.joined(separator: ", "))]")
        }
        guard let record = try lockRecord(name, .exclusive, waiting: false) else {
            throw .conflict("remove \(name): volume is in use: it is being exported or imported")
        }
        defer { record.unlock() }
        let doomed = RetiredTree.path(randomHex(bytes: 8), in: folder)
        try doing("remove volume \(name)") { () throws(SystemError) in
            try Files.rename(directory(of: name), to: doomed)
        }
        return doomed
    }

    private static func checkKnown(_ name: String) throws(StoreError) {
        do throws(StoreError) { try checkName(name) } catch { throw .unknownVolume(name) }
    }

    /// The container `id` uses `names` no longer. Returns the directories of those that go with it, for removal in the user
    /// namespace: the anonymous ones that nobody else uses, if `removing` says so.
    package func leave(_ names: [String], by id: String, removing: Bool) -> [String] {
        var doomed: [String] = []
        for name in names {
            removeReference(to: name, of: id)
            guard removing, let volume = try? find(name), volume.isAnonymous, let path = try? remove(name) else {
                continue
            }
            doomed.append(path)
        }
        return doomed
    }
}
