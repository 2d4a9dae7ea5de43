import Archive
import Glibc
import Linux
package import OCI

/// Takes one blob into the store piece by piece: under a temporary name until its digest and size are right.
///
/// A writer that goes without `commit()` leaves nothing; one that is killed leaves a file that the next ingest
/// sweeps. For one thread at a time.
package final class BlobWriter: @unchecked Sendable {
    private let ingest: ImageIngest
    private let expectedDigest: Digest?
    private let expectedSize: Int64?
    private var hasher: DigestHasher
    private let file: HeldFile
    /// What was written, in bytes.
    package private(set) var size: Int64 = 0

    init(_ ingest: ImageIngest, digest: Digest?, size: Int64?) throws(StoreError) {
        self.ingest = ingest
        expectedDigest = digest
        expectedSize = size
        hasher = DigestHasher(digest?.algorithm ?? .sha256)
        file = try doing("write to \(ingest.store.temporaries)") { () throws(SystemError) in
            try HeldFile(in: ingest.store.temporaries, prefix: "blob")
        }
    }

    /// Appends `bytes`. Throws `StoreError.wrongSize` as soon as they are more than expected, and `failed` where
    /// they cannot be written.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        size += Int64(bytes.count)
        if let expectedSize, size > expectedSize {
            throw .wrongSize(digest: expectedDigest, expected: expectedSize, actual: size)
        }
        hasher.update(bytes)
        try doing("write a blob") { () throws(SystemError) in try file.descriptor.writeAll(bytes) }
    }

    /// Appends `bytes`; see `write(_:)`.
    package func write(_ bytes: [UInt8]) throws(StoreError) {
        try withBytes(bytes) { buffer throws(StoreError) in try write(buffer) }
    }

    /// Appends zeros until the blob has `length` bytes; nothing where it has as many.
    package func pad(to length: Int64) throws(StoreError) {
        let zeros = [UInt8](repeating: 0, count: Int(min(max(length - size, 0), 1 << 16)))
        while size < length {
            try write(size + Int64(zeros.count) > length ? Array(zeros.prefix(Int(length - size))) : zeros)
        }
    }

    /// The file that the blob is written to, for another process to write all of it; `commit(written:size:)` follows.
    package var descriptor: CInt { file.descriptor.rawValue }

    /// Makes what another process has written to `descriptor`, and says to have this digest and size, part of the store as
    /// `commit()` does. Throws `wrongSize` for a file of another size, and `failed`.
    package func commit(written digest: Digest, size: Int64) throws(StoreError) {
        let actual = try doing("look at a blob") { () throws(SystemError) in try file.descriptor.status().size }
        guard actual == size else { throw .wrongSize(digest: digest, expected: size, actual: Int64(actual)) }
        try keep(digest, size)
    }

    /// Makes the blob part of the store, on the disk before it has its name. Throws `wrongSize`, `wrongDigest` or
    /// `failed`; then the store is as before.
    @discardableResult
    package func commit() throws(StoreError) -> (digest: Digest, size: Int64) {
        if let expectedSize, size != expectedSize {
            throw .wrongSize(digest: expectedDigest, expected: expectedSize, actual: size)
        }
        let digest = hasher.current()
        if let expectedDigest, digest != expectedDigest {
            throw .wrongDigest(expected: expectedDigest, actual: digest)
        }
        try keep(digest, size)
        return (digest, size)
    }

    private func keep(_ digest: Digest, _ size: Int64) throws(StoreError) {
        try ingest.protect([digest])
        if ingest.store.has(digest, size: size) { return }
        try doing("store blob \(digest)") { () throws(SystemError) in
            try file.descriptor.sync()
            try ingest.store.take(file.path, as: digest)
            file.descriptor.unlock()
        }
    }
}
