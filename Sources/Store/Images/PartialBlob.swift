import Archive
import Glibc
import Linux
package import OCI

/// A blob on its way into the store whose file outlives whoever fetches it: what has come is there for the next, in any process.
///
/// One at a time has it, by a lock on the file. Nothing is synced before the whole has been verified: after a loss of power the
/// file may promise more than it has, which its digest finds. Threads may write different pieces at the same time.
package final class PartialBlob: Sendable {
    package let digest: Digest
    /// Of the whole blob, in bytes.
    package let size: Int64
    private let store: ImageStore
    private let path: String
    private let file: FileDescriptor
    private let state: Monitor<State>

    private struct State {
        var table: PieceTable
        /// Nobody writes any more.
        var isStopped = false
        /// The content of the file is the blob's.
        var isVerified = false
        /// The file has gone, or is somebody else's.
        var isOver = false
    }

    /// `file` is at `path`, locked, and has what `table` says.
    init(_ store: ImageStore, _ blob: Descriptor, _ path: String, _ file: consuming FileDescriptor, _ table: PieceTable)
    {
        digest = blob.digest
        size = blob.size
        self.store = store
        self.path = path
        self.file = file
        state = Monitor(State(table: table))
    }

    deinit { release() }

    /// The bytes that are there.
    package var received: Int64 { state.change { $0.table.received } }

    /// What is missing, in order. Of a blob that can come in pieces, one range for each that is not whole.
    package var missing: [Range<Int64>] { state.change { $0.table.missing } }

    /// What is not there yet from the end of what is there without a gap, to the end of the blob.
    package var rest: Range<Int64> { state.change { $0.table.end..<size } }

    // MARK: writing

    /// Takes in what is missing of `bytes`, which are at `offset` of the blob. They must begin in a piece where what is there of it
    /// ends, or before. Throws `StoreError`: `wrongSize` for bytes past the blob's size, `noRoom` and `failed`.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreError) {
        guard offset >= 0, Int64(bytes.count) <= size - offset else {
            throw .wrongSize(digest: digest, expected: size, actual: size + 1)
        }
        var (rest, place) = (bytes, offset)
        while !rest.isEmpty {
            let (piece, range, count) = state.change { state in
                let piece = state.table.piece(at: place)
                return (piece, state.table.range(of: piece), state.table.counts[piece])
            }
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(range.upperBound - place)))
            let known = range.lowerBound + count - place
            guard known >= 0 else {
                throw .invalid("bytes of blob \(digest) came before those that are in front of them")
            }
            let fresh = UnsafeRawBufferPointer(rebasing: part.dropFirst(Int(min(known, Int64(part.count)))))
            if !fresh.isEmpty {
                try put(fresh, at: place + known, piece, count + Int64(fresh.count))
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
            place += Int64(part.count)
        }
    }

    private func put(
        _ bytes: UnsafeRawBufferPointer, at offset: Int64, _ piece: Int, _ count: Int64
    ) throws(StoreError) {
        try storing { () throws(SystemError) in
            try file.write(bytes, at: Int(offset))
            // After the content: whoever is killed between the two has promised nothing.
            try note(piece, count)
        }
        state.change { $0.table.set(piece, count) }
    }

    private func note(_ piece: Int, _ count: Int64) throws(SystemError) {
        let place = Int(size) + state.change { $0.table.place(of: piece) }
        try writeAll(PieceTable.bytes(count), at: place)
    }

    private func writeAll(_ bytes: [UInt8], at place: Int) throws(SystemError) {
        var failure: SystemError?
        bytes.withUnsafeBytes { buffer in
            do throws(SystemError) { try file.write(buffer, at: place) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func storing(_ body: () throws(SystemError) -> Void) throws(StoreError) {
        do throws(SystemError) { try body() } catch {
            if error.errno == .noSpace || error.errno == Errno(EDQUOT) {
                throw .noRoom(digest, store: store.paths.data, error)
            }
            throw .failed(action: "write blob \(digest) to \(store.partials)", error)
        }
    }

    // MARK: the whole

    /// The digest of the blob as it is in the file: reads what is there, then what comes, until the blob is whole. nil where `stop()`
    /// came before that. `pass` is given every byte on the way, in order. Waits: for a thread of its own. Throws `StoreError.failed`.
    package func contentDigest(
        passing pass: (UnsafeRawBufferPointer) -> Void = { _ in }
    ) throws(StoreError) -> Digest? {
        var hasher = DigestHasher(digest.algorithm)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.step, alignment: 64)
        defer { buffer.deallocate() }
        while Int64(hasher.count) < size {
            let done = Int64(hasher.count)
            let (end, isAbandoned) = state.when(
                { state in
                    state.isStopped || state.table.isWhole || state.table.end - done >= Int64(Self.step)
                }, { ($0.table.end, $0.isStopped && !$0.table.isWhole) })
            if isAbandoned { return nil }
            while Int64(hasher.count) < end {
                let room = UnsafeMutableRawBufferPointer(
                    rebasing: buffer[..<Int(min(end - Int64(hasher.count), Int64(Self.step)))])
                let got = try doing("read what has come of blob \(digest)") { () throws(SystemError) in
                    try file.read(into: room, at: hasher.count)
                }
                // Somebody has cut the file: it is not the blob.
                if got == 0 { return hasher.finish() }
                let bytes = UnsafeRawBufferPointer(rebasing: room[..<got])
                hasher.update(bytes)
                pass(bytes)
            }
        }
        let found = hasher.finish()
        if found == digest { state.change { $0.isVerified = true } }
        return found
    }

    /// As much as is read at once, in bytes: what a core's own cache holds.
    private static let step = 1 << 18

    /// Nothing comes any more: `contentDigest()` does not wait for it.
    package func stop() { state.change { $0.isStopped = true } }

    /// Makes the blob part of the store, on the disk before it has its name. `contentDigest()` must have found that it is the one.
    /// Throws `StoreError`.
    package func keep(for ingest: ImageIngest) throws(StoreError) {
        guard state.change({ $0.isVerified }) else { throw .invalid("blob \(digest) was not verified") }
        try ingest.protect([digest])
        try storing { () throws(SystemError) in
            try file.setSize(Int(size))
            try file.sync()
        }
        let action = "store blob \(digest) (if its file was removed meanwhile, pull again)"
        try doing(action) { () throws(SystemError) in
            // Its place may have been given to another file.
            guard try Files.status(path, following: false).identity == file.status().identity else {
                throw SystemError("rename", path, Errno(ESTALE))
            }
            try store.take(path, as: digest)
        }
        end()
    }

    /// Forgets what is there, which was not the blob's, and frees its room. Throws `StoreError`.
    package func startOver() throws(StoreError) {
        let table = PieceTable(size: size)
        try storing { () throws(SystemError) in
            try file.setSize(0)
            try writeAll(table.encoded, at: Int(size))
        }
        state.change { state in
            state.table = table
            state.isStopped = false
        }
    }

    /// Lets another go on with what is there; a file without content goes. What was not kept or discarded ends so by itself.
    package func release() {
        if received == 0 { discard() } else { end() }
    }

    /// Removes what is there: nobody has any use of it.
    package func discard() {
        let isOver = state.change { $0.isOver }
        // While the lock is held: whoever waits for it finds the name gone.
        if !isOver, (try? Files.status(path, following: false).identity) == (try? file.status().identity) {
            unlink(path)
        }
        end()
    }

    private func end() {
        state.change { $0.isOver = true }
        // What another thread forks has a duplicate for a moment, and with it the lock (see `FileLock`).
        file.unlock()
    }
}
