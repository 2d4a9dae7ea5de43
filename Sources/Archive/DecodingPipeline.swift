import Glibc
import Linux
package import OCI

/// Decompresses a stream in one thread and hashes what comes out in another, some blocks ahead of the reader and beside it: to inflate
/// a layer takes about as long as to create its files.
package final class DecodingPipeline: @unchecked Sendable {
    private let ring = BlockRing()
    /// An end of a pipe that becomes readable when the reader gives up, so that a thread that waits for input ends.
    private let wake: FileDescriptor
    private var wakeWriter: FileDescriptor?
    // nil when they have ended.
    private var decoding: PendingCall<Result<Compression, ArchiveError>>?
    private var hashing: PendingCall<(digest: Digest, size: Int)>?
    private var isHolding = false
    /// What `next` says after the last block.
    private var outcome: Result<(digest: Digest, size: Int, compression: Compression), ArchiveError>?

    /// Borrows `descriptor`, which must stay open while the pipeline lives; hashes the uncompressed bytes
    /// with `algorithm`; decodes with a share of `memory`, where that is given. Throws `ArchiveError.unreadable` when a thread cannot be made.
    package init(
        reading descriptor: CInt, _ algorithm: Digest.Algorithm = .sha256, sharing memory: DecodingMemory? = nil
    ) throws(ArchiveError) {
        do throws(SystemError) {
            var ends = try FileDescriptor.pipe()
            wake = ends.takeFirst()
            wakeWriter = ends.takeSecond()
            hashing = try begin { [ring] in Self.hash(ring, algorithm) }
            decoding = try begin { [ring, wake = wake.rawValue] in
                defer { ring.finish() }
                return Self.decode(descriptor, memory, into: ring, wake: wake)
            }
        } catch { throw .unreadable(error) }
    }

    deinit {
        ring.stop()
        _ = wakeWriter.take()
        // Afterwards nobody reads the descriptor, nor the end of the pipe.
        _ = try? decoding?.wait()
        _ = try? hashing?.wait()
    }

    /// The next bytes, valid until the next call; none at the end. Throws what reading or decoding threw, in
    /// its place in the stream.
    package func next() throws(ArchiveError) -> UnsafeRawBufferPointer {
        if isHolding { ring.pass(.reader) }
        isHolding = false
        if let block = ring.next(.reader) {
            isHolding = true
            return block
        }
        if let decoding, let hashing {
            self.decoding = nil
            self.hashing = nil
            outcome = Self.outcome(of: decoding, hashing)
        }
        _ = try outcome?.get()
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// The digest and the number of the uncompressed bytes, once `next` gave none; nil before.
    package var result: (digest: Digest, size: Int, compression: Compression)? {
        if case .success(let value)? = outcome { value } else { nil }
    }

    private static func outcome(
        of decoding: PendingCall<Result<Compression, ArchiveError>>, _ hashing: PendingCall<(digest: Digest, size: Int)>
    ) -> Result<(digest: Digest, size: Int, compression: Compression), ArchiveError> {
        // Neither throws: what the one has to say is its result.
        guard let decoded = try? decoding.wait(), let (digest, size) = try? hashing.wait() else {
            fatalError("a thread ended without a word")
        }
        return decoded.map { (digest, size, $0) }
    }

    private static func decode(
        _ source: CInt, _ memory: DecodingMemory?, into ring: BlockRing, wake: CInt
    ) -> Result<Compression, ArchiveError> {
        do throws(ArchiveError) {
            let stream = try DecompressedStream(reading: source, sharing: memory) { source throws(ArchiveError) in
                try waitForInput(source, or: wake)
            }
            while let block = ring.free() {
                let got = try stream.read(into: block)
                if got == 0 { break }
                ring.fill(got)
            }
            return .success(stream.compression)
        } catch { return .failure(error) }
    }

    private static func hash(_ ring: BlockRing, _ algorithm: Digest.Algorithm) -> (digest: Digest, size: Int) {
        var hasher = DigestHasher(algorithm)
        while let block = ring.next(.hasher) {
            hasher.update(block)
            ring.pass(.hasher)
        }
        let size = hasher.count
        return (hasher.finish(), size)
    }

    private static func waitForInput(_ source: CInt, or wake: CInt) throws(ArchiveError) {
        var both = [
            pollfd(fd: source, events: Int16(POLLIN), revents: 0), pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        do throws(SystemError) {
            try check("poll") { poll(&both, 2, -1) }
        } catch {
            throw .unreadable(error)
        }
        if both[1].revents != 0 { throw .unreadable(SystemError("read", nil, Errno(ECANCELED))) }
    }
}
