import Archive
import Glibc
package import Linux
package import OCI

/// One pull, load, import or build in progress: what it has written or found is kept by every sweep until it
/// ends, however it ends.
///
/// The promise rests on an order: a digest is written down (while no sweep runs) before anybody looks whether
/// its content is there.
package final class ImageIngest: Sendable {
    package let store: ImageStore
    private let lease: HeldFile

    /// Begins; sweeps what killed processes left behind.
    init(_ store: ImageStore) throws(StoreError) {
        self.store = store
        try store.makeLayout()
        // What is left here costs room, and `prune` says why it cannot go.
        _ = try? HeldFile.sweep(store.temporaries)
        _ = try? store.removePartials()
        lease = try doing("write to \(store.paths.leases)") { () throws(SystemError) in
            try HeldFile(in: store.paths.leases, prefix: "lease")
        }
    }

    /// Keeps nothing any more: nothing is taken in through this value after it. It ends by itself with the value, but of that a
    /// thread that has done its part may have a reference for a moment longer than the process lives.
    package func end() { lease.end() }

    /// Keeps blobs and unpacked layers (by diff id) of these digests until the value goes.
    package func protect(_ digests: [Digest]) throws(StoreError) {
        let lines = digests.map { "\($0)\n" }.joined()
        try doing("write to \(lease.path)") { () throws(SystemError) in
            let lock = try FileLock(store.paths.sweepLock, .shared)
            try lease.descriptor.writeAll(Array(lines.utf8))
            endLifetime(lock)
        }
    }

    /// Whether the blob is in the store; if it is, it stays.
    package func has(_ descriptor: Descriptor) throws(StoreError) -> Bool {
        try protect([descriptor.digest])
        return store.has(descriptor.digest, size: descriptor.size)
    }

    /// A writer for a blob that must turn out to be `expected`, or, without that, whatever it is.
    package func writer(expecting expected: Descriptor? = nil) throws(StoreError) -> BlobWriter {
        if let expected { try protect([expected.digest]) }
        return try BlobWriter(self, digest: expected?.digest, size: expected?.size)
    }

    /// As `writer(expecting:)` where the digest alone is known.
    package func writer(expecting digest: Digest) throws(StoreError) -> BlobWriter {
        try protect([digest])
        return try BlobWriter(self, digest: digest, size: nil)
    }

    /// Makes what was taken in an image of the store; see `ImageStore.record`. Through this value, so that it is
    /// still there, and with it all that it keeps, when the index is written.
    package func record(_ descriptor: Descriptor, name: Reference?, sourceDigest: Digest? = nil) throws(StoreError) {
        try store.record(descriptor, name: name, sourceDigest: sourceDigest)
    }

    /// Stores `bytes`; throws `StoreError.wrongDigest` unless they have the digest `expected`, where that is given.
    @discardableResult
    package func put(_ bytes: [UInt8], expecting expected: Digest? = nil) throws(StoreError) -> Digest {
        let digest = Digest(of: bytes, expected?.algorithm ?? .sha256)
        if let expected, expected != digest { throw .wrongDigest(expected: expected, actual: digest) }
        let writer = try BlobWriter(self, digest: digest, size: Int64(bytes.count))
        try writer.write(bytes)
        return try writer.commit().digest
    }
}

extension ImageStore {
    /// Begins to take in images; see `ImageIngest`.
    package func beginIngest() throws(StoreError) -> ImageIngest { try ImageIngest(self) }

    /// Held shared while a reference to an image's layers is being made: from the reading of the launch record
    /// until the container's record is written. No sweep runs meanwhile.
    package func holdOffSweeps() throws(StoreError) -> FileLock {
        try doing("lock the store") { () throws(SystemError) in try FileLock(paths.sweepLock, .shared) }
    }
}
