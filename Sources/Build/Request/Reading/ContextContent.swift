import Archive

/// What the beginning of a context that is read from a stream tells of it.
package enum ContextContent {
    /// How many bytes tell it: one block of an archive.
    package static let blockSize = 512

    /// Whether `head`, the first `blockSize` bytes or all that there are, begin an archive, compressed or not; otherwise the stream is a
    /// Dockerfile.
    package static func isArchive(_ head: [UInt8]) -> Bool {
        Compression.detect(head) != .none || isHeader(head)
    }

    // tar(5): the sum of all bytes of a header, those of the sum itself taken for blanks, in octal digits.
    private static func isHeader(_ block: [UInt8]) -> Bool {
        guard block.count >= blockSize else { return false }
        let digits = block[148..<156].drop { $0 == 32 }.prefix { (48...55).contains($0) }
        guard let written = UInt32(String(decoding: digits, as: UTF8.self), radix: 8) else { return false }
        var sum: UInt32 = 8 * 32
        for place in 0..<blockSize where !(148..<156).contains(place) { sum += UInt32(block[place]) }
        return written == sum
    }
}
