import Linux

/// The extended header of an entry (POSIX.1-2017, pax, pax Extended Header), with the records that a layer needs.
struct PaxRecords {
    var path: [UInt8]?
    var linkPath: [UInt8]?
    var size: Int?
    var user: Int?
    var group: Int?
    var modification: FileTime?
    var access: FileTime?
    var attributes: [(name: RawName, value: [UInt8])] = []
    var sparse = SparseRecords()

    /// What GNU tar says of sparse files, in its formats 0.0, 0.1 and 1.0.
    struct SparseRecords {
        var major: Int?
        var name: [UInt8]?
        var realSize: Int?
        /// Offsets and lengths, in turn.
        var map: [Int] = []
    }

    init() {}

    /// Parses the records in `bytes`, each "LENGTH KEYWORD=VALUE\n". Throws `ArchiveError.malformed`.
    init(_ bytes: [UInt8]) throws(ArchiveError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let space = rest.firstIndex(of: 32), let length = Self.decimal(rest[..<space]),
                length > space - rest.startIndex + 1, length <= rest.count,
                rest[rest.startIndex + length - 1] == 10
            else { throw Self.bad }
            let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
            guard let equals = record.firstIndex(of: 61) else { throw Self.bad }
            try add(String(decoding: record[..<equals], as: UTF8.self), record[(equals + 1)...])
            rest = rest.dropFirst(length)
        }
    }

    private static var bad: ArchiveError { .malformed("an extended header is invalid") }

    private mutating func add(_ keyword: String, _ value: ArraySlice<UInt8>) throws(ArchiveError) {
        switch keyword {
        case "path": path = try Self.name(value)
        case "linkpath": linkPath = try Self.name(value)
        case "size": size = try Self.number(value)
        case "uid": user = try Self.number(value)
        case "gid": group = try Self.number(value)
        case "mtime": modification = try Self.time(value)
        case "atime": access = try Self.time(value)
        case "GNU.sparse.major": sparse.major = try Self.number(value)
        case "GNU.sparse.name": sparse.name = try Self.name(value)
        case "GNU.sparse.size", "GNU.sparse.realsize": sparse.realSize = try Self.number(value)
        case "GNU.sparse.offset", "GNU.sparse.numbytes": try appendToMap(value)
        case "GNU.sparse.map": for part in value.split(separator: 44) { try appendToMap(part) }
        default:
            // In the words of star and GNU tar, and of libarchive, which encodes both name and value.
            if keyword.hasPrefix("SCHILY.xattr.") {
                try addAttribute(Array(keyword.utf8.dropFirst(13)), Array(value))
            } else if keyword.hasPrefix("LIBARCHIVE.xattr.") {
                guard let name = Self.percentDecoded(keyword.utf8.dropFirst(17)), let bytes = Self.base64(value) else {
                    throw Self.bad
                }
                try addAttribute(name, bytes)
            }
        }
    }

    private mutating func addAttribute(_ name: [UInt8], _ value: [UInt8]) throws(ArchiveError) {
        guard !name.isEmpty, !name.contains(0) else { throw Self.bad }
        let raw = name.map(CChar.init(bitPattern:)) + [0]
        // bsdtar writes each in both words.
        if let index = attributes.firstIndex(where: { $0.name == raw }) {
            attributes[index].value = value
        } else {
            attributes.append((raw, value))
        }
    }

    private mutating func appendToMap(_ value: ArraySlice<UInt8>) throws(ArchiveError) {
        guard let number = Self.decimal(value), sparse.map.count < SparseMap.maximumParts * 2 else { throw Self.bad }
        sparse.map.append(number)
    }

    /// nil for an empty value, which takes the record of a global header back.
    private static func name(_ value: ArraySlice<UInt8>) throws(ArchiveError) -> [UInt8]? {
        guard !value.contains(0) else { throw .malformed("a name holds a zero byte") }
        return value.isEmpty ? nil : Array(value)
    }

    private static func number(_ value: ArraySlice<UInt8>) throws(ArchiveError) -> Int? {
        if value.isEmpty { return nil }
        guard let number = decimal(value) else { throw bad }
        return number
    }

    /// A decimal number of digits alone; nil for anything else.
    static func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count < 20 else { return nil }
        var value = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            let (tens, first) = value.multipliedReportingOverflow(by: 10)
            let (sum, second) = tens.addingReportingOverflow(Int(digit - 48))
            if first || second { return nil }
            value = sum
        }
        return value
    }

    /// Seconds since 1970 with a sign and a fraction, which may be longer than nanoseconds.
    private static func time(_ value: ArraySlice<UInt8>) throws(ArchiveError) -> FileTime? {
        if value.isEmpty { return nil }
        let isNegative = value.first == 45
        let parts = value.dropFirst(isNegative ? 1 : 0).split(
            separator: 46, maxSplits: 1, omittingEmptySubsequences: false)
        guard let seconds = parts[0].isEmpty && parts.count > 1 ? 0 : decimal(parts[0]) else { throw bad }
        var nanoseconds = 0
        if parts.count > 1 {
            guard parts[1].allSatisfy({ (48...57).contains($0) }) else { throw bad }
            let digits = parts[1].prefix(9) + ArraySlice(repeating: 48, count: max(0, 9 - parts[1].count))
            nanoseconds = decimal(digits) ?? 0
        }
        guard isNegative else { return FileTime(seconds: seconds, nanoseconds: nanoseconds) }
        return nanoseconds == 0
            ? FileTime(seconds: -seconds, nanoseconds: 0)
            : FileTime(seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds)
    }

    private static func percentDecoded(_ text: Substring.UTF8View) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text)[...]
        while let byte = rest.popFirst() {
            guard byte == 37 else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    /// Base 64 (RFC 4648, 4), with or without padding; nil for anything else.
    static func base64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits = 0
        var count = 0
        for letter in text {
            let value: UInt8
            switch letter {
            case 65...90: value = letter - 65
            case 97...122: value = letter - 71
            case 48...57: value = letter + 4
            case 43: value = 62
            case 47: value = 63
            case 61, 10: continue
            default: return nil
            }
            bits = (bits << 6 | Int(value)) & 0xffffff
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return bytes
    }
}
