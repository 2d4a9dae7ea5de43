import Archive
import Bytes
import Dockerfile
package import Errors
import Glibc
package import Linux
import OCI
package import Store
import Workers

/// What tells one cache of `RUN --mount=type=cache` from another. As with BuildKit, what it begins with is a part of that.
struct CacheKey {
    let id: String
    /// User, group and mode, where they were asked for.
    var looks: (user: UInt32, group: UInt32, mode: UInt32)?
    /// What names the files that it begins with; empty: none.
    var initial: [String] = []

    init(id: String) { self.id = id }

    /// The name of its directory.
    var name: String {
        var encoder = WireEncoder()
        encoder.write(id)
        encoder.write(looks.map { [$0.user, $0.group, $0.mode] })
        encoder.write(initial)
        return Digest(of: encoder.bytes).hex
    }
}

/// The caches of `RUN --mount=type=cache`: directories that outlive builds, below `cache/build-mounts` of the store.
///
/// Each has copies 0, 1 and so on, since not all who want it at once may have the same (`sharing`); who has one holds a lock on it,
/// the supervisor of the container as well.
package struct CacheMounts: Sendable {
    private let paths: StorePaths
    private let executable: String

    /// Those of the store at `paths`. `executable` is what workers are started from.
    package init(_ paths: StorePaths, executable: String) {
        self.paths = paths
        self.executable = executable
    }

    /// One copy of a cache.
    package struct Copy: Sendable {
        /// Its directory.
        package let path: String
        /// The `id` of the mount.
        package let id: String
        /// The bytes of its files.
        package let size: Int64
        /// When a build began to use it last.
        package let lastUse: Timestamp
        /// Whether a build uses it now.
        package let isInUse: Bool
    }

    private var folder: String { paths.cache + "/build-mounts" }

    // MARK: use

    /// A copy of the cache `key`, as `sharing` allows, and a descriptor with the lock on it, which is the caller's to close. Waits
    /// for a locked one. Throws `EngineError`, of the kind `cancelled` too.
    func acquire(
        _ key: CacheKey, _ sharing: RunMount.Sharing, _ cancellation: Cancellation
    ) throws(EngineError) -> (directory: String, lock: CInt) {
        let directory = "\(folder)/\(key.name)"
        do throws(SystemError) {
            try Files.makeDirectories(directory, mode: 0o700)
            try Files.replace("\(directory)/id", with: Array(key.id.utf8), mode: 0o600, durable: false)
            var number = 0
            while true {
                let copy = "\(directory)/\(number)"
                if let lock = try lock(copy, sharing == .shared ? .shared : .exclusive) { return (copy, lock) }
                // Others do not wait: they take the next copy.
                if sharing != .locked {
                    number += 1
                    continue
                }
                var poll = PollSet()
                poll.add(cancellation.number)
                if try poll.wait(milliseconds: 50) { break }
            }
        } catch { throw EngineError("cannot make a cache for a mount: \(error)") }
        throw EngineError("context canceled", .cancelled)
    }

    // nil where somebody has it.
    private func lock(_ copy: String, _ kind: FileLock.Kind) throws(SystemError) -> CInt? {
        while true {
            try Files.makeDirectories(copy, mode: 0o700)
            // Pruned between the two.
            guard let number = try openLock(copy) else { continue }
            let lock = FileDescriptor(owning: number)
            guard try lock.lock(kind, waiting: false) else { return nil }
            // What was pruned meanwhile is nobody's.
            guard try Self.isStill(lock, "\(copy)/lock") else { continue }
            try check("futimens", copy) { futimens(lock.rawValue, nil) }
            return lock.release()
        }
    }

    // nil where the copy is not there any more.
    private func openLock(_ copy: String) throws(SystemError) -> CInt? {
        do throws(SystemError) {
            return try FileDescriptor.open("\(copy)/lock", O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600).release()
        } catch {
            if error.errno == .noEntry { return nil }
            throw error
        }
    }

    private static func isStill(_ file: borrowing FileDescriptor, _ path: String) throws(SystemError) -> Bool {
        guard let there = try Files.status(raw: RawName(path), in: AT_FDCWD) else { return false }
        return there.identity == (try file.status().identity)
    }

    // MARK: prune

    /// All of them, in no order. Throws `EngineError`.
    package func list() throws(EngineError) -> [Copy] {
        try engine {
            var found: [(path: String, id: String, use: FileTime, isInUse: Bool)] = []
            for name in try Files.listPresent(folder) where isHex(name) {
                let directory = "\(folder)/\(name)"
                let id = try text("\(directory)/id")
                for number in try Files.listPresent(directory) where Int(number) != nil {
                    let path = "\(directory)/\(number)"
                    guard let status = try Files.status(raw: RawName("\(path)/lock"), in: AT_FDCWD) else { continue }
                    let lock = try FileDescriptor.open("\(path)/lock", O_RDWR | O_NOFOLLOW)
                    let isFree = try lock.lock(waiting: false)
                    if isFree { lock.unlock() }
                    found.append((path, id, status.modificationTime, !isFree))
                }
            }
            let sizes = try sizes(found.map(\.path))
            return zip(found, sizes).map { entry, size in
                Copy(
                    path: entry.path, id: entry.id, size: size,
                    lastUse: Timestamp(seconds: entry.use.seconds, nanoseconds: entry.use.nanoseconds),
                    isInUse: entry.isInUse)
            }
        }
    }

    /// Removes `copies`, but for those that a build uses, and what a killed process has left of such a removal. Returns those that
    /// were removed and the bytes that the disk got back. Throws `EngineError`.
    package func remove(_ copies: [Copy]) throws(EngineError) -> (removed: [Copy], bytes: Int64) {
        try engine {
            var removed: [Copy] = []
            for copy in copies where try condemn(copy) { removed.append(copy) }
            let doomed = try Files.listPresent(folder).filter { RetiredTree.isOne($0) }.map { "\(folder)/\($0)" }
            let bytes = try TreeRemoval(executable: executable, runDirectory: paths.run).remove(doomed)
            for copy in removed {
                // Empty but for the id, unless another build has begun with it again.
                let directory = Files.split(copy.path).parent
                if try !Files.listPresent(directory).contains(where: { Int($0) != nil }) {
                    unlink("\(directory)/id")
                    rmdir(directory)
                }
            }
            return (removed, bytes)
        }
    }

    // False where a build has it.
    private func condemn(_ copy: Copy) throws(SystemError) -> Bool {
        let lock: FileDescriptor
        do throws(SystemError) { lock = try FileDescriptor.open("\(copy.path)/lock", O_RDWR | O_NOFOLLOW) } catch {
            if error.errno == .noEntry { return false }
            throw error
        }
        guard try lock.lock(waiting: false), try Self.isStill(lock, "\(copy.path)/lock") else { return false }
        try Files.rename(copy.path, to: RetiredTree.path(randomHex(bytes: 8), in: folder))
        return true
    }

    private func text(_ path: String) throws(SystemError) -> String {
        do throws(SystemError) { return try Files.readText(path, limit: 1 << 16) } catch {
            if error.errno == .noEntry { return "" }
            throw error
        }
    }

    private func sizes(_ paths: [String]) throws(EngineError) -> [Int64] {
        var sizes: [Int64] = []
        for start in stride(from: 0, to: paths.count, by: 200) {
            let part = Array(paths[start..<min(start + 200, paths.count)])
            let answer = try Worker.inspectTree.answer(executable, [self.paths.run, "reclaimable"] + part)
            let lines = String(decoding: answer, as: UTF8.self).split(on: "\n").map { Int64($0) ?? 0 }
            guard lines.count == part.count else { throw EngineError("the sizes of caches cannot be read") }
            sizes += lines
        }
        return sizes
    }
}
