import CArchive
import OCI

/// The uncompressed stream of an archive as libarchive reads it: blocks are passed on without a copy, and what the
/// headers of the current entry were made of can be looked at.
final class TarFeed {
    /// Headers of one entry may take as much: libarchive keeps 48 bytes and more for each part of a sparse file, and
    /// a part can be described in two.
    private static let headerLimit = 8 << 20

    private let pipeline: DecodingPipeline
    /// The block that libarchive has, and its place in the stream.
    private var block = UnsafeRawBufferPointer(start: nil, count: 0)
    private var blockStart = 0
    /// Whether `block` was read ahead and libarchive has not seen it.
    private var isWaiting = false
    /// From here on in the stream, what goes by is kept in `kept`; nil between headers.
    private var headerStart: Int?
    private var kept: [UInt8] = []
    /// Why there was no next block; libarchive knows no more than that.
    private(set) var failure: ArchiveError?

    init(_ pipeline: DecodingPipeline) { self.pipeline = pipeline }

    /// The number of bytes that came out of the pipeline.
    private var end: Int { blockStart + block.count }

    /// Whether the stream has no byte at or after `offset`, the end of what libarchive has consumed. Throws
    /// `ArchiveError`.
    func isAtEnd(_ offset: Int) throws(ArchiveError) -> Bool {
        if offset < end { return false }
        if isWaiting { return block.isEmpty }
        try advance()
        isWaiting = true
        return block.isEmpty
    }

    /// Opens `archive` on this stream. Returns what archive_read_open(3) does; the feed must live as long as the
    /// archive.
    func open(_ archive: OpaquePointer) -> CInt {
        archive_read_open(
            archive, Unmanaged.passUnretained(self).toOpaque(), nil,
            { archive, feed, start in
                let block = Unmanaged<TarFeed>.fromOpaque(feed!).takeUnretainedValue().nextBlock()
                start!.pointee = block?.baseAddress
                guard let block else {
                    // Without a number and a text of its own libarchive would make up one.
                    apus_archive_set_error(archive, "the stream cannot be read")
                    return Int(ARCHIVE_FATAL)
                }
                return block.count
            }, nil)
    }

    /// From now on the headers of an entry go by, which begin at `offset`.
    func beginHeader(at offset: Int) {
        headerStart = offset
        kept.removeAll(keepingCapacity: true)
    }

    /// Calls `body` with the bytes from the beginning of the headers to `offset`, which end them.
    func endHeader<T>(
        at offset: Int, _ body: (UnsafeRawBufferPointer) throws(ArchiveError) -> T
    ) throws(ArchiveError) -> T {
        let start = headerStart ?? offset
        headerStart = nil
        if start >= blockStart {
            return try body(UnsafeRawBufferPointer(rebasing: block[(start - blockStart)..<(offset - blockStart)]))
        }
        if offset > blockStart { kept.append(contentsOf: block[..<(offset - blockStart)]) }
        let whole = kept
        var result: Result<T, ArchiveError>?
        whole.withUnsafeBytes { bytes in
            // What was kept may reach further than the headers do.
            let part = UnsafeRawBufferPointer(rebasing: bytes[..<(offset - start)])
            do throws(ArchiveError) { result = .success(try body(part)) } catch { result = .failure(error) }
        }
        return try result!.get()
    }

    /// Reads to the end of the stream, at most `allowance` bytes after `offset`, the end of what libarchive has
    /// consumed; returns the digest and the size of the whole. Throws `ArchiveError`.
    func finish(after offset: Int, allowance: Int) throws(ArchiveError) -> (digest: Digest, size: Int) {
        while true {
            if end - offset > allowance { throw .malformed("more than \(allowance) bytes follow its end") }
            try advance()
            if block.isEmpty { break }
        }
        let result = pipeline.result!
        return (result.digest, result.size)
    }

    /// The next block for libarchive, empty at the end; nil where it could not be had.
    private func nextBlock() -> UnsafeRawBufferPointer? {
        if isWaiting {
            isWaiting = false
            return block
        }
        do throws(ArchiveError) {
            try advance()
            return block
        } catch {
            failure = error
            return nil
        }
    }

    private func advance() throws(ArchiveError) {
        if let headerStart, !block.isEmpty {
            kept.append(contentsOf: block[max(headerStart - blockStart, 0)...])
            if kept.count > Self.headerLimit { throw .malformed("an extended header is too large") }
        }
        let start = end
        block = try pipeline.next()
        blockStart = start
    }
}
