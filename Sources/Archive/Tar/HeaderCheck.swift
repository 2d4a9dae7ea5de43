/// Holds the headers of one entry to the format (POSIX.1-2017, pax; the GNU tar manual, "Basic Tar Format" and
/// "Storing Sparse Files"), after libarchive has read them.
///
/// libarchive takes what it can get: of a number with a letter in it the digits before, of an owner below zero
/// root, of a name with a zero byte its beginning, of an extended header with a mistake the records before; some of it
/// with a warning, which another header can swallow, and most of it without. Here all of that is an archive that is
/// damaged. Values come from libarchive alone, but for those that it has no way to give.
struct HeaderCheck {
    static let blockSize = 512

    /// The entry's type.
    let type: UInt8
    /// The bytes of content that follow, as header or record say, without padding.
    let size: Int
    /// Where the entry's own header ends, in bytes from the beginning of the first.
    let end: Int
    /// What the extended header says, if there is one.
    let records: RecordCheck
    /// The name that a link leads to, where a header before its own says it. libarchive loses it where the own header
    /// has none.
    let linkName: [UInt8]?
    /// Whether the entry's own header is an old sparse file's of GNU tar, with a map in it.
    var isOldSparse: Bool { type == UInt8(ascii: "S") }

    /// `bytes` are all headers of the entry, and what of its content libarchive has read as the map of a sparse file.
    /// Throws `ArchiveError.malformed`.
    init(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) {
        var records = RecordCheck()
        var longLink: [UInt8]?
        var start = 0
        while true {
            guard bytes.count - start >= Self.blockSize else {
                throw .malformed("an extended header belongs to no entry")
            }
            let header = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + Self.blockSize)])
            start += Self.blockSize
            switch header[156] {
            case UInt8(ascii: "x"), UInt8(ascii: "X"):
                records = RecordCheck()
                try records.check(try Self.content(of: header, in: bytes, at: &start))
            case UInt8(ascii: "K"):
                longLink = Array(try Self.content(of: header, in: bytes, at: &start).prefix { $0 != 0 })
            case UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "A"):
                _ = try Self.content(of: header, in: bytes, at: &start)
            // A volume's name, which has no content.
            case UInt8(ascii: "V"): continue
            default:
                self.records = records
                linkName = records.linkPath ?? longLink
                type = header[156]
                end = start
                size = if let size = records.size { size } else { try Self.field(header, 124..<136) }
                try Self.check(header, records)
                if isOldSparse { try Self.checkOldMap(bytes, at: start, size: size) }
                return
            }
        }
    }

    private static func content(
        of header: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer, at start: inout Int
    ) throws(ArchiveError) -> UnsafeRawBufferPointer {
        let size = try field(header, 124..<136)
        guard size >= 0, size <= bytes.count - start else { throw .malformed("an extended header is too large") }
        let content = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + size)])
        start += (size + blockSize - 1) / blockSize * blockSize
        return content
    }

    private static func check(_ header: UnsafeRawBufferPointer, _ records: RecordCheck) throws(ArchiveError) {
        _ = try field(header, 100..<108)
        for (record, range) in [(records.user, 108..<116), (records.group, 116..<124)] {
            let id = if let record { record } else { try field(header, range) }
            // The largest number means "leave it as it is" to chown(2).
            guard id >= 0, id < Int(UInt32.max) else { throw .malformed("the owner \(id) of an entry is out of range") }
        }
        if records.modificationIsNegative == nil { _ = try field(header, 136..<148) }
        if header[156] == UInt8(ascii: "3") || header[156] == UInt8(ascii: "4") {
            _ = try field(header, 329..<337)
            _ = try field(header, 337..<345)
        }
    }

    private static func checkOldMap(
        _ bytes: UnsafeRawBufferPointer, at end: Int, size: Int
    ) throws(ArchiveError) {
        func check(_ start: Int, count: Int) throws(ArchiveError) {
            // Unused places are zeros.
            for place in 0..<count where bytes[start + place * 24] != 0 {
                let part = start + place * 24
                _ = try field(bytes, part..<(part + 12))
                _ = try field(bytes, (part + 12)..<(part + 24))
            }
        }
        // Without a map libarchive takes the content for that of a file like any other.
        guard bytes[end - blockSize + 386] != 0 || size == 0 else {
            throw .malformed("the map of a sparse file is invalid")
        }
        try check(end - blockSize + 386, count: 4)
        _ = try field(bytes, (end - blockSize + 483)..<(end - blockSize + 495))
        for block in stride(from: end, through: bytes.count - blockSize, by: blockSize) {
            try check(block, count: 21)
        }
    }

    /// The number in a field. Throws `ArchiveError.malformed`.
    private static func field(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(ArchiveError) -> Int {
        guard let value = number(bytes, range) else { throw .malformed("a header has a bad number") }
        return value
    }

    /// A number in octal digits between spaces and zeros, or in base 256 where the first bit says so; nil for
    /// anything else, or what does not fit.
    static func number(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        let first = bytes[range.lowerBound]
        if first & 0x80 != 0 {
            // Two's complement, with the mark in place of the sign: 0x80 begins a positive number, 0xff a
            // negative one.
            let isNegative = first & 0x40 != 0
            var value = isNegative ? Int(first | 0x80) - 256 : Int(first & 0x7f)
            for index in (range.lowerBound + 1)..<range.upperBound {
                let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
                if overflow { return nil }
                value = shifted | Int(bytes[index])
            }
            return value
        }
        var index = range.lowerBound
        while index < range.upperBound, bytes[index] == 32 { index += 1 }
        var value = 0
        while index < range.upperBound, bytes[index] != 0, bytes[index] != 32 {
            guard (48...55).contains(bytes[index]), value <= Int.max >> 3 else { return nil }
            value = value << 3 | Int(bytes[index] - 48)
            index += 1
        }
        return value
    }
}
