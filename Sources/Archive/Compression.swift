/// How a stream is compressed, told by its first bytes: media types lie, and `docker load` gives none.
package enum Compression: String, Sendable, CaseIterable {
    case none, gzip, zstd, xz, bzip2

    /// The number of bytes that `detect` wants to see, where the stream has as many.
    package static let detectionLength = 6

    /// The compression whose magic number `bytes` begin with.
    package static func detect(_ bytes: some Collection<UInt8>) -> Compression {
        func begins(_ magic: [UInt8]) -> Bool { bytes.starts(with: magic) }
        // RFC 1952, 2.3.1: two bytes of magic and the only method there is.
        if begins([0x1f, 0x8b, 0x08]) { return .gzip }
        // RFC 8878, 3.1: a frame, or a skippable one (0x184D2A5? in little endian).
        if begins([0x28, 0xb5, 0x2f, 0xfd]) { return .zstd }
        if bytes.count >= 4, bytes.first! & 0xf0 == 0x50, bytes.dropFirst().starts(with: [0x2a, 0x4d, 0x18]) {
            return .zstd
        }
        // The .xz file format, 2.1.1.1.
        if begins([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) { return .xz }
        if begins([0x42, 0x5a, 0x68]) { return .bzip2 }
        return .none
    }
}
