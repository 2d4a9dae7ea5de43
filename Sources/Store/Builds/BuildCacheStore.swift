import Glibc
package import Linux
package import OCI

/// The cache of builds: which layers were made of which steps. A layer that it names is kept by sweeps.
///
/// An entry is one small file, replaced whole; one that cannot be understood is none. All of it can be made again.
package struct BuildCacheStore: Sendable {
    private let paths: StorePaths
    private let ownership: LayerStore.Ownership

    /// The cache of the store at `paths`, of layers whose files have owners of this sort.
    package init(_ paths: StorePaths, _ ownership: LayerStore.Ownership) {
        self.paths = paths
        self.ownership = ownership
    }

    /// Where entries are.
    package var folder: String { paths.buildCache + (ownership == .full ? "/steps" : "/steps-squashed") }
    private var locks: String { paths.buildCache + "/locks" }

    private func path(_ key: Digest) -> String { "\(folder)/\(LayerStore.name(of: key))" }

    /// Makes its directories. Throws `StoreError`.
    package func prepare() throws(StoreError) {
        try doing("make \(folder)") { () throws(SystemError) in
            try Files.makeDirectories(folder, mode: 0o700)
            try Files.makeDirectories(locks, mode: 0o700)
        }
    }

    /// The entry with this key; nil where there is none. Throws where there is one that cannot be read.
    package func entry(_ key: Digest) throws(StoreError) -> BuildCacheEntry? {
        let path = path(key)
        return try doing("read \(path)") { () throws(SystemError) in
            do throws(SystemError) { return BuildCacheEntry(try Files.read(path), key: key) } catch {
                if error.errno == .noEntry { return nil }
                throw error
            }
        }
    }

    /// Writes `entry`, in the place of one that was there.
    package func write(_ entry: BuildCacheEntry) throws(StoreError) {
        let path = path(entry.key)
        try doing("write \(path)") { () throws(SystemError) in
            try Files.replace(path, with: entry.bytes, mode: 0o600, durable: false)
        }
    }

    /// Removes the entry; nothing where there is none.
    package func remove(_ key: Digest) throws(StoreError) {
        try doing("remove \(path(key))") { () throws(SystemError) in
            do throws(SystemError) { try Files.unlink(path(key)) } catch {
                if error.errno != .noEntry { throw error }
            }
        }
    }

    /// All entries, in no order.
    package func entries() throws(StoreError) -> [BuildCacheEntry] {
        let names = try doing("list \(folder)") { () throws(SystemError) in try Files.listPresent(folder) }
        var result: [BuildCacheEntry] = []
        for name in names {
            guard let key = LayerStore.digest(of: name), let entry = try entry(key) else { continue }
            result.append(entry)
        }
        return result
    }

    /// Holds the step with this key for one build, if nobody does; nil where somebody does. The lock goes with its process.
    package func tryLock(_ key: Digest) throws(StoreError) -> FileLock? {
        try doing("lock a step of a build") { () throws(SystemError) in
            try FileLock.trying("\(locks)/\(LayerStore.name(of: key))")
        }
    }

    /// Removes the locks' files that nobody holds, which are many after a time.
    package func sweepLocks() {
        guard let names = try? Files.list(locks) else { return }
        for name in names {
            // Whoever opened it before and locks it later has a file without a name, and another one may lock the same step: both make it.
            if let lock = try? FileLock.trying("\(locks)/\(name)") {
                unlink("\(locks)/\(name)")
                endLifetime(lock)
            }
        }
    }
}

extension StorePaths {
    /// What builds keep: which steps made which layers, checksums, cache mounts.
    package var buildCache: String { cache + "/build" }
}
