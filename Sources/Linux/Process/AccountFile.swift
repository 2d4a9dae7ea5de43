import Bytes

/// The entries of a file of accounts (passwd(5), group(5)), by bytes: a start of a container waits for it, and splitting
/// text into characters takes ten times as long. The file may be an image's, so nothing about it is trusted.
package struct AccountFile {
    /// A line: fields of bytes of no charset.
    package struct Entry {
        fileprivate let line: ArraySlice<UInt8>

        /// How many fields there are.
        package var count: Int {
            var count = 1
            for byte in line where byte == AccountFile.separator { count += 1 }
            return count
        }

        /// The bytes of a field; none where there is no such field.
        package func bytes(_ field: Int) -> ArraySlice<UInt8> {
            var before = field
            var start = line.startIndex
            for place in line.indices where line[place] == AccountFile.separator {
                if before == 0 { return line[start..<place] }
                before -= 1
                start = place + 1
            }
            return before == 0 ? line[start...] : []
        }

        /// A field as text; bytes that are no UTF-8 are replaced.
        package func text(_ field: Int) -> String { String(decoding: bytes(field), as: UTF8.self) }

        /// The number in a field, of digits alone; nil for anything else.
        package func number(_ field: Int) -> UInt32? {
            let digits = bytes(field)
            if digits.isEmpty { return nil }
            var value: UInt32 = 0
            for digit in digits {
                guard digit >= 48, digit <= 57 else { return nil }
                let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
                let (sum, isTooLargeNow) = tens.addingReportingOverflow(UInt32(digit - 48))
                if isTooLarge || isTooLargeNow { return nil }
                value = sum
            }
            return value
        }

        /// Whether a field has exactly these bytes.
        package func has(_ wanted: [UInt8], in field: Int) -> Bool {
            let found = bytes(field)
            if found.count != wanted.count { return false }
            for place in 0..<wanted.count where found[found.startIndex + place] != wanted[place] { return false }
            return true
        }

        /// Whether a field that lists names between commas lists this one.
        package func lists(_ wanted: [UInt8], in field: Int) -> Bool {
            let found = bytes(field)
            var start = found.startIndex
            for place in found.startIndex...found.endIndex
            where place == found.endIndex || found[place] == UInt8(ascii: ",") {
                if place - start == wanted.count, place > start {
                    var isSame = true
                    for offset in 0..<wanted.count where found[start + offset] != wanted[offset] { isSame = false }
                    if isSame { return true }
                }
                start = place + 1
            }
            return false
        }
    }

    fileprivate static let separator = UInt8(ascii: ":")

    private let bytes: [UInt8]
    private var place = 0

    /// The file whose content is `bytes`.
    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next line that is an entry; nil at the end. Empty lines, comments, lines with a `+` or `-` in front, which are
    /// references to NIS, and such with a zero byte are none.
    package mutating func next() -> Entry? {
        while place < bytes.count {
            let start = place
            let end = bytes.place(of: 10, from: start) ?? bytes.count
            place = end + 1
            if start == end { continue }
            switch bytes[start] {
            case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "#"): continue
            default: if bytes.place(of: 0, from: start, to: end) == nil { return Entry(line: bytes[start..<end]) }
            }
        }
        return nil
    }

    /// The first entry with this number in its third field and at least so many fields; nil where there is none.
    package static func entry(_ id: UInt32, in bytes: [UInt8], fields count: Int = 3) -> Entry? {
        var file = AccountFile(bytes)
        while let entry = file.next() {
            if entry.number(2) == id, entry.count >= count { return entry }
        }
        return nil
    }

    /// The home directory of the user `id`; nil where the file has none for it, or one that is no absolute path.
    package static func home(of id: UInt32, in bytes: [UInt8]) -> String? {
        entry(id, in: bytes, fields: 6)?.home
    }
}

extension AccountFile.Entry {
    /// The home directory of a user; nil where it is no absolute path, or one that text cannot have.
    package var home: String? {
        let bytes = bytes(5)
        return bytes.first == UInt8(ascii: "/") ? String(utf8: bytes) : nil
    }
}
