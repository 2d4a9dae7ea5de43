package import OCI

/// Decompresses and hashes a stream in a thread of its own, some blocks ahead of the reader: inflating a layer
/// takes about as long as creating its files.
package final class DecodingPipeline: Sendable {
    private let thread: DecodingThread

    /// Borrows `descriptor`, which must stay open while the pipeline lives; hashes the uncompressed bytes
    /// with `algorithm`; decodes with a share of `memory`, where that is given. Throws `ArchiveError.unreadable` when the thread cannot be made.
    package init(
        reading descriptor: CInt, _ algorithm: Digest.Algorithm = .sha256, sharing memory: DecodingMemory? = nil
    ) throws(ArchiveError) {
        thread = try DecodingThread(reading: descriptor, algorithm, sharing: memory)
        try thread.start()
    }

    deinit { thread.stop() }

    /// The next bytes, valid until the next call; none at the end. Throws what reading or decoding threw, in
    /// its place in the stream.
    package func next() throws(ArchiveError) -> UnsafeRawBufferPointer { try thread.next() }

    /// The digest and the number of the uncompressed bytes, once `next` gave none; nil before.
    package var result: (digest: Digest, size: Int, compression: Compression)? { thread.result }
}
