import Archive
import Bytes
import Glibc
import Linux
package import OCI

/// The manifest lists that a user is putting together (`manifest create`), a file for each.
///
/// Docker's client keeps them beside its configuration, a file for each manifest. Here a list is one file of the store: it changes as a whole, and what
/// it lists of the store's own images stays there as long as the list does.
package struct ManifestListStore: Sendable {
    private let paths: StorePaths

    package init(_ paths: StorePaths) { self.paths = paths }

    /// The largest file of a list, in bytes: a hundred manifests of the largest kind that is read.
    private static let limit = 512 << 20

    private var folder: String { paths.data + "/manifests" }

    // Of a fixed length and without a letter of others, whatever the name is.
    private func path(of name: Reference) -> String {
        "\(folder)/\(Digest(of: Array(name.description.utf8)).hex).json"
    }

    /// The list `name`; nil where there is none. Throws `corrupt` and `failed`.
    package func find(_ name: Reference) throws(StoreError) -> ManifestList? {
        let path = path(of: name)
        guard let list = try read(path) else { return nil }
        guard list.name == name else { throw .corrupt(path: path, cause: "it is the list \(list.name)") }
        return list
    }

    private func read(_ path: String) throws(StoreError) -> ManifestList? {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try Files.read(path, limit: Self.limit) } catch {
            if error.errno == .noEntry { return nil }
            throw .failed(action: "read \(path)", error)
        }
        do throws(ManifestListFault) { return try ManifestList(file: bytes) } catch {
            throw .corrupt(path: path, cause: error.description)
        }
    }

    /// Replaces the list `name`, which `change` is given (nil where there is none), by what that returns; nil removes it. Nobody else changes a list
    /// meanwhile. Throws `corrupt`, `failed`, and what `change` throws: then all is as before.
    package func update(
        _ name: Reference, _ change: (ManifestList?) throws -> ManifestList?
    ) throws {
        try doing("create \(folder)") { () throws(SystemError) in try Files.makeDirectories(folder, mode: 0o700) }
        let lock = try doing("lock \(folder)") { () throws(SystemError) in try FileLock(folder + "/lock") }
        defer { lock.descriptor.unlock() }
        try removeAbandoned()
        let before = try find(name)
        let path = path(of: name)
        guard let list = try change(before) else {
            guard before != nil else { return }
            try doing("remove \(path)") { () throws(SystemError) in
                try Files.unlink(path)
                try Files.syncDirectory(folder)
            }
            return
        }
        if list == before { return }
        let bytes = try list.encoded()
        guard bytes.count <= Self.limit else {
            throw StoreError.invalid(
                "the manifest list \(name) would be larger than \(Self.limit) bytes: leave some of it out")
        }
        try doing("write \(path)") { () throws(SystemError) in try Files.replace(path, with: bytes, mode: 0o600) }
    }

    /// Removes what killed processes have left half-written. Throws `failed`.
    func sweep() throws(StoreError) {
        let isThere = try doing("look at \(folder)") { () throws(SystemError) in try Files.isPresent(folder) }
        guard isThere else { return }
        let lock = try doing("lock \(folder)") { () throws(SystemError) in try FileLock(folder + "/lock") }
        defer { lock.descriptor.unlock() }
        try removeAbandoned()
    }

    // What killed processes were writing: nobody else writes while the lock is held.
    private func removeAbandoned() throws(StoreError) {
        try doing("list \(folder)") { () throws(SystemError) in
            for name in try Files.list(folder) where name.firstLetter == "." && name.ends(with: ".tmp") {
                try Files.unlink("\(folder)/\(name)")
            }
        }
    }

    /// The blobs that lists need of the store, manifests and what these name. `problem` is told of lists that cannot be understood, and of which nothing is
    /// known therefore. Throws `failed`.
    func blobs(problem: (StoreError) -> Void) throws(StoreError) -> Set<Digest> {
        var found: Set<Digest> = []
        let names = try doing("list \(folder)") { () throws(SystemError) in try Files.listPresent(folder) }
        for name in names where name.ends(with: ".json") && name.firstLetter != "." {
            do throws(StoreError) {
                for member in try read("\(folder)/\(name)")?.members ?? [] where member.isStored {
                    found.insert(member.descriptor.digest)
                    do throws(ManifestError) {
                        guard case .manifest(let manifest) = try ManifestDocument(member.manifest) else { continue }
                        found.insert(manifest.config.digest)
                        found.formUnion(manifest.layers.map(\.digest))
                    } catch { throw .corrupt(path: "\(folder)/\(name)", cause: error.description) }
                }
            } catch {
                if case .failed = error { throw error }
                problem(error)
            }
        }
        return found
    }
}
