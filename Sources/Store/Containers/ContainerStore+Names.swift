import Bytes
import Glibc
import Linux

extension ContainerStore {
    /// `name` without the slash in front that is allowed and means nothing. Throws `invalidName` unless it is one of
    /// Docker's: [a-zA-Z0-9][a-zA-Z0-9_.-]+, up to 255 bytes.
    package static func validName(_ name: String) throws(StoreError) -> String {
        let plain = name.utf8.first == 47 ? String(name.dropFirst()) : name
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        guard (2...255).contains(plain.utf8.count), isAlphanumeric(plain.utf8.first!),
            plain.utf8.allSatisfy({ isAlphanumeric($0) || $0 == 95 || $0 == 46 || $0 == 45 })
        else { throw .invalidName(plain) }
        return plain
    }

    private func linkPath(_ name: String) -> String { "\(paths.names)/\(name)" }

    /// Claims `name`, a valid one without a slash, or a random one, for the container `id`; returns it.
    func claim(_ name: String?, for id: String) throws(StoreError) -> String {
        if let name {
            if let owner = try tryClaim(name, for: id) { throw .nameTaken(name: name, container: owner) }
            return name
        }
        for attempt in 0... {
            let name = RandomName.make(attempt)
            do throws(StoreError) {
                if try tryClaim(name, for: id) == nil { return name }
            } catch {
                // Something else has the place of that name; there are others.
                guard case .corrupt = error else { throw error }
            }
        }
        fatalError("unreachable: the attempts do not end")
    }

    /// Claims `name`; returns the id of the container that has it.
    private func tryClaim(_ name: String, for id: String) throws(StoreError) -> String? {
        while true {
            if symlink(id, linkPath(name)) == 0 { return nil }
            let errno = Errno.current
            guard errno == .exists else {
                throw .failed(action: "claim the name \(name)", SystemError("symlink", linkPath(name), errno))
            }
            let target = try link(name)
            guard let owner = target else {
                // Freed meanwhile, unless something else than a link is in the way.
                guard try isPresent(linkPath(name)) else { continue }
                throw .corrupt(path: linkPath(name), cause: "it is no symbolic link")
            }
            if owner == id { return nil }
            if try isAlive(owner) { return owner }
            try free(name, of: owner)
        }
    }

    /// Whether the container of a name is more than what a killed process left: it has a record that outlives
    /// its supervisor, or somebody holds it.
    private func isAlive(_ id: String) throws(StoreError) -> Bool {
        guard try isPresent(directory(id)) else { return false }
        if try isPresent(recordPath(id)) { return true }
        return try isHeld(id)
    }

    // The id that the name leads to; nil where it leads nowhere.
    private func link(_ name: String) throws(StoreError) -> String? {
        try doing("read the name \(name)") { () throws(SystemError) in try Files.linkTarget(linkPath(name)) }
    }

    /// Removes the link if it still leads to `owner`: links are only taken away under one lock, so that two that
    /// find the same dead claim do not remove each other's new one.
    private func free(_ name: String, of owner: String) throws(StoreError) {
        try doing("free the name \(name)") { () throws(SystemError) in
            let lock = try FileLock(paths.names + "/.lock")
            if try Files.linkTarget(linkPath(name)) == owner { try Files.unlink(linkPath(name)) }
            lock.descriptor.unlock()
        }
    }

    /// Gives the container another name and takes all others from it. Throws `invalidName`, `nameTaken`.
    ///
    /// The new name is claimed first: a process that is killed in between leaves a container with two names, not with none.
    package func rename(_ id: String, to new: String) throws(StoreError) {
        let plain = try Self.validName(new)
        // Before the names change: a supervisor that removes its container looks here which it has.
        try? Files.write([], to: renamedPath(id), mode: 0o600)
        _ = try claim(plain, for: id)
        for name in try allNames(of: id) where name != plain { try free(name, of: id) }
    }

    private func renamedPath(_ id: String) -> String { runDirectory(id) + "/renamed" }

    /// Whether a running container may have another name than it was started with.
    package func isRenamed(_ id: String) -> Bool { Files.exists(renamedPath(id)) }

    /// Every name that leads to the container.
    func allNames(of id: String) throws(StoreError) -> [String] {
        let names = try doing("list the names") { () throws(SystemError) in try Files.list(paths.names) }
        var found: [String] = []
        for name in names where name.firstLetter != "." {
            if try link(name) == id { found.append(name) }
        }
        return found
    }

    /// The name of one container, which was `name` when it was created; nil where none leads to it.
    package func currentName(_ id: String, was name: String) throws(StoreError) -> String? {
        if !name.isEmpty, try link(name) == id { return name }
        return try allNames(of: id).first
    }

    /// The names of all containers, by id.
    package func names() throws(StoreError) -> [String: String] {
        var result: [String: String] = [:]
        for name in try doing("list the names", { () throws(SystemError) in try Files.list(paths.names) })
        where name.firstLetter != "." {
            if let id = try link(name) { result[id] = name }
        }
        return result
    }

    /// The id of the container that `text` names: by full id, by name (with or without a slash in front), or by a
    /// prefix that no other container's id has. Throws `unknownContainer` or `ambiguous`.
    package func find(_ text: String) throws(StoreError) -> String {
        if Self.isID(text), try hasRecord(text) { return text }
        if let name = try? Self.validName(text), let id = try link(name), Self.isID(id), try hasRecord(id) { return id }
        guard isHex(text) else { throw .unknownContainer(text) }
        let matches = try list().filter { $0.begins(with: text) }
        guard matches.count <= 1 else { throw .ambiguous(kind: "container", prefix: text) }
        guard let id = matches.first else { throw .unknownContainer(text) }
        return id
    }

    /// Whether something else than a link has the place of the name.
    func isForeignName(_ name: String) throws(StoreError) -> Bool {
        guard try link(name) == nil else { return false }
        return try isPresent(linkPath(name))
    }

    /// Removes a file, or a directory that is empty, which has the place of a name.
    func removeForeignName(_ name: String) throws(StoreError) {
        try doing("remove \(linkPath(name)), which has the place of a container's name") { () throws(SystemError) in
            if try Files.status(linkPath(name), following: false).isDirectory {
                try check("rmdir", linkPath(name)) { rmdir(linkPath(name)) }
            } else {
                try Files.unlink(linkPath(name))
            }
        }
    }

    /// Frees the name of a container that goes.
    func release(_ name: String, of id: String) { try? free(name, of: id) }
}
