/// A place in JSON text.
struct JSONScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func skipBlanks() {
        while place < bytes.count, bytes[place] == 32 || bytes[place] == 9 || bytes[place] == 13 { place += 1 }
    }

    /// Passes `byte`; false where something else follows.
    mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    /// A text in which nothing is escaped; nil where something else follows.
    mutating func plainText() -> UnsafeBufferPointer<UInt8>? {
        guard take(UInt8(ascii: "\"")), let end = bytes.firstIndex(of: UInt8(ascii: "\""), from: place) else {
            return nil
        }
        defer { place = end + 1 }
        let text = UnsafeBufferPointer(rebasing: bytes[place..<end])
        return text.firstIndex(of: UInt8(ascii: "\\"), from: 0) == nil ? text : nil
    }

    /// Appends the text that follows; false where something else does.
    mutating func text(into result: inout [UInt8]) -> Bool {
        guard take(UInt8(ascii: "\"")) else { return false }
        var start = place
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") {
                result += UnsafeBufferPointer(rebasing: bytes[start..<place])
                place += 1
                return true
            }
            if byte != UInt8(ascii: "\\") {
                place += 1
                continue
            }
            result += UnsafeBufferPointer(rebasing: bytes[start..<place])
            place += 1
            guard escape(into: &result) else { return false }
            start = place
        }
        return false
    }

    private mutating func escape(into result: inout [UInt8]) -> Bool {
        guard place < bytes.count else { return false }
        defer { place += 1 }
        switch bytes[place] {
        case UInt8(ascii: "n"): result.append(10)
        case UInt8(ascii: "t"): result.append(9)
        case UInt8(ascii: "r"): result.append(13)
        case UInt8(ascii: "b"): result.append(8)
        case UInt8(ascii: "f"): result.append(12)
        case UInt8(ascii: "u"):
            guard var code = hexadecimal(place + 1) else { return false }
            place += 4
            // A pair of surrogates.
            if 0xD800..<0xDC00 ~= code, place + 6 < bytes.count, bytes[place + 1] == UInt8(ascii: "\\"),
                bytes[place + 2] == UInt8(ascii: "u"), let low = hexadecimal(place + 3), 0xDC00..<0xE000 ~= low
            {
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                place += 6
            }
            result += String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8
        case let byte: result.append(byte)
        }
        return true
    }

    private func hexadecimal(_ start: Int) -> UInt32? {
        guard start + 4 <= bytes.count else { return nil }
        var code: UInt32 = 0
        for byte in bytes[start..<start + 4] {
            switch byte {
            case 48...57: code = code << 4 | UInt32(byte - 48)
            case 97...102: code = code << 4 | UInt32(byte - 87)
            case 65...70: code = code << 4 | UInt32(byte - 55)
            default: return nil
            }
        }
        return code
    }

    /// The text that follows; nil where something else does.
    mutating func string() -> String? {
        var bytes: [UInt8] = []
        return text(into: &bytes) ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// The value that follows, as it stands.
    mutating func object() -> UnsafeBufferPointer<UInt8>? {
        skipBlanks()
        let start = place
        guard skipValue() else { return nil }
        return UnsafeBufferPointer(rebasing: bytes[start..<place])
    }

    /// Passes whatever value follows.
    mutating func skipValue() -> Bool {
        skipBlanks()
        guard place < bytes.count else { return false }
        switch bytes[place] {
        case UInt8(ascii: "\""):
            var ignored: [UInt8] = []
            return text(into: &ignored)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let isObject = bytes[place] == UInt8(ascii: "{")
            let end = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
            place += 1
            if take(end) { return true }
            while true {
                if isObject { guard skipValue(), take(UInt8(ascii: ":")) else { return false } }
                guard skipValue() else { return false }
                if take(UInt8(ascii: ",")) { continue }
                return take(end)
            }
        default:
            let start = place
            while place < bytes.count, !",}] \t\n".utf8.contains(bytes[place]) { place += 1 }
            return place > start
        }
    }

    /// The names and texts of the object that follows; nil where something else does.
    mutating func members() -> [(String, String)]? {
        guard take(UInt8(ascii: "{")) else { return nil }
        var result: [(String, String)] = []
        if take(UInt8(ascii: "}")) { return result }
        while true {
            var name: [UInt8] = []
            var value: [UInt8] = []
            guard text(into: &name), take(UInt8(ascii: ":")), text(into: &value) else { return nil }
            result.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
            if take(UInt8(ascii: ",")) { continue }
            return take(UInt8(ascii: "}")) ? result : nil
        }
    }
}
