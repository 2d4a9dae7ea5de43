/// Holds the records of an extended header to their format (POSIX.1-2017, pax, pax Extended Header); see `HeaderCheck`.
struct RecordCheck {
    private(set) var size: Int?
    private(set) var user: Int?
    private(set) var group: Int?
    private(set) var linkPath: [UInt8]?
    /// Whether the time has a minus before it, which libarchive forgets where the seconds are 0; nil without a record.
    private(set) var modificationIsNegative: Bool?
    private(set) var accessIsNegative: Bool?
    /// Whether the content begins with the map of a sparse file (GNU tar's format 1.0).
    private(set) var mapIsInContent = false
    /// Whether any record speaks of a sparse file.
    private(set) var isSparse = false
    /// Whether `security.selinux` was given by GNU tar's own record alone, which nobody else reads as an attribute.
    private(set) var hasOnlyOwnLabel = false

    /// More extended attributes than a file can have: what is listed of them is no longer than 64 KiB (xattr(7)), and the time
    /// that libarchive takes grows with the square of their number.
    private static let maximumAttributes = 512
    private var attributes = 0

    /// A longer record is refused, as libarchive does it with a warning.
    private static let maximumLength = 999_999

    init() {}

    private static var bad: ArchiveError { .malformed("an extended header is invalid") }

    /// Goes through records, each "LENGTH KEYWORD=VALUE\n". Throws `ArchiveError.malformed`.
    mutating func check(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) {
        var start = 0
        while start < bytes.count {
            var place = start
            var length = 0
            while place < bytes.count, (48...57).contains(bytes[place]), length <= Self.maximumLength {
                length = length * 10 + Int(bytes[place] - 48)
                place += 1
            }
            guard length <= Self.maximumLength else {
                throw .malformed("an extended header has a record that is too long")
            }
            guard place > start, place < bytes.count, bytes[place] == 32, length <= bytes.count - start,
                length > place + 1 - start, bytes[start + length - 1] == 10
            else { throw Self.bad }
            let keyStart = place + 1
            let end = start + length - 1
            var equals = keyStart
            while equals < end, bytes[equals] != 61, bytes[equals] != 0 { equals += 1 }
            guard equals > keyStart, equals < end, bytes[equals] == 61 else { throw Self.bad }
            try check(
                Text(bytes: UnsafeRawBufferPointer(rebasing: bytes[keyStart..<equals])),
                Text(bytes: UnsafeRawBufferPointer(rebasing: bytes[(equals + 1)..<end])))
            start += length
        }
    }

    private mutating func check(_ key: Text, _ value: Text) throws(ArchiveError) {
        switch key.bytes[0] {
        case UInt8(ascii: "p") where key.equals("path"): try Self.checkName(value)
        case UInt8(ascii: "l") where key.equals("linkpath"):
            try Self.checkName(value)
            linkPath = value.bytes.isEmpty ? nil : Array(value.bytes)
        case UInt8(ascii: "s") where key.equals("size"): size = try Self.number(value)
        case UInt8(ascii: "u") where key.equals("uid"): user = try Self.number(value)
        case UInt8(ascii: "g") where key.equals("gid"): group = try Self.number(value)
        case UInt8(ascii: "m") where key.equals("mtime"): modificationIsNegative = try Self.checkTime(value)
        case UInt8(ascii: "a") where key.equals("atime"): accessIsNegative = try Self.checkTime(value)
        case UInt8(ascii: "R") where key.equals("RHT.security.selinux"): hasOnlyOwnLabel = true
        case UInt8(ascii: "S") where key.begins("SCHILY.xattr."):
            guard key.bytes.count > 13 else { throw Self.bad }
            try countAttribute()
            if key.equals("SCHILY.xattr.security.selinux") { hasOnlyOwnLabel = false }
        case UInt8(ascii: "S")
        where key.equals("SCHILY.devmajor") || key.equals("SCHILY.devminor") || key.equals("SCHILY.realsize"):
            _ = try Self.number(value)
        case UInt8(ascii: "L") where key.begins("LIBARCHIVE.xattr."):
            guard key.bytes.count > 17, key.isPercentEncoded(from: 17), value.isBase64 else { throw Self.bad }
            try countAttribute()
        case UInt8(ascii: "G") where key.begins("GNU.sparse."):
            isSparse = true
            try checkSparse(key, value)
        default: break
        }
    }

    private mutating func countAttribute() throws(ArchiveError) {
        attributes += 1
        if attributes > Self.maximumAttributes {
            throw .malformed("an entry has more than \(Self.maximumAttributes) extended attributes")
        }
    }

    private mutating func checkSparse(_ key: Text, _ value: Text) throws(ArchiveError) {
        if key.equals("GNU.sparse.name") {
            try Self.checkName(value)
        } else if key.equals("GNU.sparse.map") {
            var count = 1
            var part = 0
            for (index, byte) in value.bytes.enumerated() where byte == 44 {
                _ = try Self.number(Text(bytes: UnsafeRawBufferPointer(rebasing: value.bytes[part..<index])))
                part = index + 1
                count += 1
            }
            _ = try Self.number(Text(bytes: UnsafeRawBufferPointer(rebasing: value.bytes[part...])))
            guard count.isMultiple(of: 2) else { throw .malformed("the map of a sparse file is invalid") }
        } else {
            let number = try Self.number(value)
            if key.equals("GNU.sparse.major") { mapIsInContent = number == 1 }
        }
    }

    private static func checkName(_ value: Text) throws(ArchiveError) {
        for byte in value.bytes where byte == 0 { throw .malformed("a name holds a zero byte") }
    }

    private static func number(_ value: Text) throws(ArchiveError) -> Int {
        guard let number = value.decimal(0..<value.bytes.count) else { throw bad }
        return number
    }

    /// Seconds since 1970 with a sign and a fraction; returns whether there is a minus.
    private static func checkTime(_ value: Text) throws(ArchiveError) -> Bool {
        let isNegative = value.bytes.first == 45
        let start = isNegative ? 1 : 0
        let point = value.bytes[start...].firstIndex(of: 46)
        // No seconds are none, before a fraction.
        guard point == start || value.decimal(start..<(point ?? value.bytes.count)) != nil else { throw bad }
        if let point { for byte in value.bytes[(point + 1)...] where !(48...57).contains(byte) { throw bad } }
        return isNegative
    }
}

/// A keyword or a value.
private struct Text {
    let bytes: UnsafeRawBufferPointer

    func equals(_ text: StaticString) -> Bool { bytes.count == text.utf8CodeUnitCount && begins(text) }

    func begins(_ text: StaticString) -> Bool {
        guard bytes.count >= text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount where bytes[index] != text.utf8Start[index] { return false }
        return true
    }

    /// A decimal number of digits alone; nil for anything else.
    func decimal(_ range: Range<Int>) -> Int? {
        guard !range.isEmpty else { return nil }
        var value = 0
        for byte in bytes[range] {
            guard (48...57).contains(byte) else { return nil }
            let (tens, first) = value.multipliedReportingOverflow(by: 10)
            let (sum, second) = tens.addingReportingOverflow(Int(byte - 48))
            if first || second { return nil }
            value = sum
        }
        return value
    }

    /// Whether each percent sign at `start` and after has two hexadecimal digits that are no zero byte.
    func isPercentEncoded(from start: Int) -> Bool {
        func digit(_ index: Int) -> Bool {
            guard index < bytes.count else { return false }
            let letter = bytes[index] | 0x20
            return (48...57).contains(bytes[index]) || (97...102).contains(letter)
        }
        for index in start..<bytes.count where bytes[index] == 37 {
            guard digit(index + 1), digit(index + 2), bytes[index + 1] != 48 || bytes[index + 2] != 48 else {
                return false
            }
        }
        return true
    }

    /// Whether it has letters of base 64 alone (RFC 4648, 4), with or without padding.
    var isBase64: Bool {
        for byte in bytes {
            switch byte {
            case 48...57, 65...90, 97...122, 43, 47, 61, 10: continue
            default: return false
            }
        }
        return true
    }
}
