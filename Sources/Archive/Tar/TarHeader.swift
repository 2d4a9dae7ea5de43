import Linux

/// One header block of a tar archive (POSIX.1-2017, pax, ustar Interchange Format; the GNU tar manual, "Basic
/// Tar Format").
struct TarHeader {
    enum Format { case v7, ustar, gnu }

    let block: [UInt8]
    let format: Format

    /// Throws `ArchiveError.malformed` where the checksum is wrong.
    init(_ block: [UInt8]) throws(ArchiveError) {
        self.block = block
        let magic = block[257..<265]
        format =
            magic.elementsEqual("ustar  \0".utf8) ? .gnu : magic.prefix(5).elementsEqual("ustar".utf8) ? .ustar : .v7
        var unsigned = 0
        var signed = 0
        for (index, byte) in block.enumerated() {
            let value = (148..<156).contains(index) ? 32 : byte
            unsigned += Int(value)
            signed += Int(Int8(bitPattern: value))
        }
        // Old tars added the bytes up as signed ones.
        guard let stored = Self.number(block[148..<156]), stored == unsigned || stored == signed else {
            throw .malformed("a header has a wrong checksum")
        }
    }

    var type: UInt8 { block[156] }

    /// The name, with the prefix of ustar; without the final zero.
    var name: [UInt8] {
        let name = Self.text(block[0..<100])
        guard format == .ustar else { return name }
        // star keeps times in the end of the prefix and says so in the last bytes.
        let isStar = block[508..<512].elementsEqual("tar\0".utf8)
        let prefix = Self.text(block[345..<(isStar ? 476 : 500)])
        return prefix.isEmpty ? name : prefix + [47] + name
    }

    var linkName: [UInt8] { Self.text(block[157..<257]) }

    var mode: FileMode { get throws(ArchiveError) { FileMode(truncatingIfNeeded: try field(100..<108)) & 0o7777 } }
    var user: Int { get throws(ArchiveError) { try field(108..<116) } }
    var group: Int { get throws(ArchiveError) { try field(116..<124) } }
    var size: Int { get throws(ArchiveError) { try field(124..<136) } }
    var modification: Int { get throws(ArchiveError) { try field(136..<148) } }

    var device: DeviceNumber {
        get throws(ArchiveError) {
            deviceNumber(
                major: UInt32(truncatingIfNeeded: try field(329..<337)),
                minor: UInt32(truncatingIfNeeded: try field(337..<345)))
        }
    }

    /// The number in a field. Throws `ArchiveError.malformed`.
    func field(_ range: Range<Int>) throws(ArchiveError) -> Int {
        guard let value = Self.number(block[range]) else { throw .malformed("a header has a bad number") }
        return value
    }

    /// The bytes up to the first zero.
    static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// A number in octal digits between spaces and zeros, or in base 256 where the first bit says so; nil for
    /// anything else, or what does not fit.
    static func number(_ field: ArraySlice<UInt8>) -> Int? {
        guard let first = field.first else { return 0 }
        if first & 0x80 != 0 {
            // Two's complement, with the mark in place of the sign: 0x80 begins a positive number, 0xff a
            // negative one.
            let isNegative = first & 0x40 != 0
            var value = isNegative ? -1 : 0
            for (index, byte) in field.enumerated() {
                let part = index == 0 ? (isNegative ? byte | 0x80 : byte & 0x7f) : byte
                let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
                if overflow { return nil }
                value = shifted | Int(part)
            }
            return value
        }
        var value = 0
        let digits = field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
        for digit in digits {
            guard (48...55).contains(digit), value <= Int.max >> 3 else { return nil }
            value = value << 3 | Int(digit - 48)
        }
        return value
    }
}
