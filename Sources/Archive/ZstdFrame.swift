/// What is to be known of a zstd frame before it is decoded (RFC 8878, 3.1.1.1).
enum ZstdFrame {
    /// The longest header, in bytes.
    static let headerLimit = 18

    /// How much of what the frame gives has to be kept while it is decoded, in bytes, by the header that `bytes` begin with; 0 for a frame that is
    /// passed over, and for what is no frame. nil where the header goes on behind `bytes`.
    static func window(_ bytes: some RandomAccessCollection<UInt8>) -> UInt64? {
        let header = Array(bytes.prefix(headerLimit))
        guard header.count >= 4 else { return nil }
        guard header.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) else { return 0 }
        guard header.count >= 5 else { return nil }
        let descriptor = header[4]
        let isSingle = descriptor & 0x20 != 0
        let sizeLength = descriptor >> 6 == 0 ? (isSingle ? 1 : 0) : 1 << Int(descriptor >> 6)
        let sizePlace = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][Int(descriptor & 3)]
        guard header.count >= sizePlace + sizeLength else { return nil }
        var size: UInt64 = 0
        for byte in header[sizePlace..<sizePlace + sizeLength].reversed() { size = size << 8 | UInt64(byte) }
        if sizeLength == 2 { size += 256 }
        if isSingle { return size }
        let base = UInt64(1) << (10 + UInt64(header[5] >> 3))
        let window = base + base / 8 * UInt64(header[5] & 7)
        // Nobody keeps more than there is.
        return sizeLength == 0 ? window : min(window, size)
    }
}
