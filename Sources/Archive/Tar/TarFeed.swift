import Linux
import OCI

/// The uncompressed stream of an archive, taken in blocks or passed on without a copy.
struct TarFeed {
    static let blockSize = 512

    private let pipeline: DecodingPipeline
    private var rest = UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ pipeline: DecodingPipeline) { self.pipeline = pipeline }

    private static var truncated: ArchiveError { .malformed("it ends in the middle of an entry") }

    /// The next block; nil at the end of the stream. Throws `ArchiveError`, also where a part of a block is left.
    mutating func block() throws(ArchiveError) -> [UInt8]? {
        if rest.isEmpty { rest = try pipeline.next() }
        if rest.isEmpty { return nil }
        return try bytes(Self.blockSize)
    }

    /// The next `count` bytes. Throws `ArchiveError`, also where there are fewer.
    mutating func bytes(_ count: Int) throws(ArchiveError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        try pass(count) { part throws(ArchiveError) in bytes.append(contentsOf: part) }
        return bytes
    }

    /// Passes the next `count` bytes in parts, which are valid during the call. Throws `ArchiveError`, also where
    /// there are fewer, and what `body` throws.
    mutating func pass(
        _ count: Int, _ body: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var left = count
        while left > 0 {
            if rest.isEmpty { rest = try pipeline.next() }
            if rest.isEmpty { throw Self.truncated }
            let part = min(left, rest.count)
            try body(UnsafeRawBufferPointer(rebasing: rest[..<part]))
            rest = UnsafeRawBufferPointer(rebasing: rest[part...])
            left -= part
        }
    }

    /// Reads to the end of the stream, at most `allowance` bytes; returns the digest and the size of the whole.
    mutating func finish(allowance: Int) throws(ArchiveError) -> (digest: Digest, size: Int) {
        var extra = rest.count
        while true {
            let count = try pipeline.next().count
            if count == 0 { break }
            extra += count
            if extra > allowance { throw .malformed("more than \(allowance) bytes follow its end") }
        }
        rest = UnsafeRawBufferPointer(start: nil, count: 0)
        let result = pipeline.result!
        return (result.digest, result.size)
    }
}
