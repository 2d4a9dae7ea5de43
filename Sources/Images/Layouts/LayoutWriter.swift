import Archive
import Bytes
package import Errors
import Glibc
package import Linux
package import OCI
package import Store

/// Writes into an OCI image layout in a directory of the caller's that others may read, and write, at the same time.
///
/// A blob has its name when it is whole and on the disk, and the index names a document when all of its blobs have theirs. Whoever is killed
/// leaves blobs that nothing names, or none.
package struct LayoutWriter: Sendable {
    private let directory: LayoutDirectory

    /// Makes the directory `path` a layout where it is none: what is in it already stays. Throws `EngineError`.
    package init(_ path: String) throws(EngineError) {
        directory = LayoutDirectory(path)
        do throws(SystemError) {
            try Files.makeDirectories(path)
            // Who reads it follows no links, and would not find what was written behind one.
            let root = RootDirectory(try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY))
            let number = root.descriptor.rawValue
            try Files.makeDirectories("blobs", in: number)
            let blobs = try root.openBeneath("blobs", O_RDONLY | O_DIRECTORY)
            try Files.makeDirectories("sha256", in: blobs.rawValue)
            endLifetime(try root.openBeneath("blobs/sha256", O_RDONLY | O_DIRECTORY))
            let marker = "oci-layout"
            if try !Files.isPresent(marker, in: number) {
                try Files.replace(marker, in: number, with: Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
            }
        } catch { throw directory.failure("make it", error) }
    }

    /// What the index lists; nothing where there is none yet. Throws where there is one that cannot be used.
    package func descriptors() throws(EngineError) -> [Descriptor] { try index().entries.compactMap(\.descriptor) }

    private func index() throws(EngineError) -> IndexFile {
        do throws(EngineError) { return try directory.index() } catch {
            guard error.kind == .notFound else {
                throw EngineError("\(error.message): remove it, or name another directory", error.kind)
            }
            return IndexFile()
        }
    }

    // MARK: blobs

    /// The document with this digest; nil where there is none that can be used. For what spares work alone.
    package func document(_ descriptor: Descriptor, limit: Int) -> [UInt8]? {
        do throws(EngineError) { return try directory.read(descriptor, limit: limit) } catch { return nil }
    }

    /// Whether the blob is there, with the size that `descriptor` says. One that cannot be looked at is written anew.
    package func has(_ descriptor: Descriptor) -> Bool {
        do throws(EngineError) {
            endLifetime(try directory.open(descriptor))
            return true
        } catch { return false }
    }

    /// A new blob, to be written and kept. Throws `EngineError`.
    package func blob() throws(EngineError) -> LayoutBlob { try LayoutBlob(directory) }

    /// Writes the document `bytes`. Throws `EngineError`.
    package func put(_ bytes: [UInt8], _ mediaType: String) throws(EngineError) -> Descriptor {
        let descriptor = Descriptor(mediaType: mediaType, digest: Digest(of: bytes), size: Int64(bytes.count))
        if document(descriptor, limit: bytes.count) != nil { return descriptor }
        let blob = try blob()
        do throws(SystemError) { try blob.descriptor.writeAll(bytes) } catch {
            throw directory.failure("write to it", error)
        }
        try blob.keep(descriptor.digest, size: descriptor.size)
        return descriptor
    }

    /// Copies the blob `digest` of the store, which somebody keeps there; returns its size in bytes. Throws `EngineError`.
    package func copy(_ digest: Digest, from store: ImageStore) throws(EngineError) -> Int64 {
        let blob = try blob()
        let source: FileDescriptor
        do throws(StoreError) { source = try store.open(digest) } catch { throw EngineError(error) }
        let size: Int
        do throws(SystemError) {
            size = try source.status().size
            var copier = FileCopier()
            try copier.copyContent(source, to: blob.descriptor, size: size)
        } catch { throw directory.failure("write to it", error) }
        try blob.keep(digest, size: Int64(size))
        return Int64(size)
    }

    // MARK: the index

    /// Has the index name `descriptor`, of which all blobs are there, `tag`, in the place of what had that name. `pause` is called while
    /// somebody else changes the index, and ends that by what it throws. Throws `EngineError`; the index is as before then.
    package func record(
        _ descriptor: Descriptor, tag: String, pause: () throws(EngineError) -> Void
    ) throws(EngineError) {
        try update(pause: pause) { index in
            index.entries.removeAll { $0.name?.isSame(as: tag) == true }
            var named = descriptor
            named.annotations = [ByteKey(Annotation.refName): tag]
            index.entries.append(IndexEntry(named))
        }
    }

    /// Has the index be what `change` makes of it, as `record` does. Throws `EngineError`; the index is as before then.
    func update(
        pause: () throws(EngineError) -> Void, _ change: (inout IndexFile) -> Void
    ) throws(EngineError) {
        do throws(SystemError) {
            // Blobs first: an index on the disk never points at a name that is not.
            for folder in try Files.list("\(directory.path)/blobs") {
                try Files.syncDirectory("\(directory.path)/blobs/\(folder)")
            }
        } catch { throw directory.failure("write to it", error) }
        while true {
            if let lock = try tryLock() {
                defer {
                    unlink(lockPath)
                    lock.unlock()
                }
                var index = try index()
                change(&index)
                do throws(SystemError) {
                    return try Files.replace(directory.path + "/index.json", with: index.encoded())
                } catch { throw directory.failure("write to it", error) }
            }
            try pause()
        }
    }

    // BuildKit has the same.
    private var lockPath: String { directory.path + "/index.json.lock" }

    private func tryLock() throws(EngineError) -> FileDescriptor? {
        do throws(SystemError) {
            let lock = try FileDescriptor.open(lockPath, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o644)
            guard try lock.lock(waiting: false) else { return nil }
            // Who held it before removed its name: a later opener has another file.
            guard try lock.status().linkCount > 0 else { return nil }
            return lock
        } catch { throw directory.failure("lock it", error) }
    }
}

/// A blob of a layout that is being written: a file without a name, or with one that is nobody's blob and goes with the value.
package final class LayoutBlob: Sendable {
    /// The file, to write to.
    package let descriptor: FileDescriptor
    private let directory: LayoutDirectory
    private let folder: String
    private let temporary: String

    fileprivate init(_ directory: LayoutDirectory) throws(EngineError) {
        self.directory = directory
        folder = directory.path + "/blobs/sha256"
        temporary = "\(folder)/.apus.\(getpid()).\(randomHex(bytes: 6))"
        do throws(SystemError) { descriptor = try Self.open(folder, temporary) } catch {
            throw directory.failure("write to it", error)
        }
    }

    private static func open(_ folder: String, _ temporary: String) throws(SystemError) -> FileDescriptor {
        do throws(SystemError) {
            return try FileDescriptor.open(folder, O_RDWR | Files.unnamed, mode: 0o600)
        } catch  where error.errno == .notSupported || error.errno == .isDirectory || error.errno == .invalid {
            return try FileDescriptor.open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        }
    }

    deinit { unlink(temporary) }

    /// Gives it its name, in the place of what had that, when it is on the disk: it has this digest, and `size` bytes. Throws `EngineError`.
    package func keep(_ digest: Digest, size: Int64) throws(EngineError) {
        do throws(SystemError) {
            let status = try descriptor.status()
            guard Int64(status.size) == size else { throw SystemError("write", digest.description, .io) }
            try Files.setMode(of: descriptor.rawValue, 0o644)
            try descriptor.sync()
            if status.linkCount == 0 { try Files.name(descriptor, temporary) }
            if digest.algorithm != .sha256 {
                try Files.makeDirectories("\(directory.path)/blobs/\(digest.algorithm.rawValue)")
            }
            try Files.rename(temporary, to: "\(directory.path)/\(LayoutDirectory.name(of: digest))")
        } catch { throw directory.failure("write to it", error) }
    }
}

extension LayoutDirectory {
    /// What a call says that failed while something was being done with the directory.
    fileprivate func failure(_ action: String, _ error: SystemError) -> EngineError {
        EngineError(
            "the image layout \(path): cannot \(action): \(error)", error.errno == .access ? .forbidden : .system)
    }
}
