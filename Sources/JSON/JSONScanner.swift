import Bytes

/// A place in JSON text, for who reads one thing out of many lines: nothing is allocated but what is asked for.
package struct JSONScanner {
    @usableFromInline let bytes: UnsafeBufferPointer<UInt8>
    @usableFromInline var place = 0

    /// At the beginning of `bytes`, which must stay as they are as long as the scanner is used.
    package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    @inlinable
    mutating func skipBlanks() {
        while place < bytes.count, bytes[place] == 32 || bytes[place] == 9 || bytes[place] == 13 { place += 1 }
    }

    /// Passes `byte`; false where something else follows.
    @inlinable
    package mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    /// A text in which nothing is escaped; nil where something else follows.
    package mutating func plainText() -> UnsafeBufferPointer<UInt8>? {
        guard take(UInt8(ascii: "\"")), let end = bytes.place(of: UInt8(ascii: "\""), from: place) else {
            return nil
        }
        guard bytes.place(of: UInt8(ascii: "\\"), from: place, to: end) == nil else { return nil }
        defer { place = end + 1 }
        return UnsafeBufferPointer(rebasing: bytes[place..<end])
    }

    /// Appends the text that follows; false where something else does.
    package mutating func text(into result: inout [UInt8]) -> Bool {
        guard take(UInt8(ascii: "\"")) else { return false }
        var start = place
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                result += UnsafeBufferPointer(rebasing: bytes[start..<place])
                place += 1
                return true
            case UInt8(ascii: "\\"):
                result += UnsafeBufferPointer(rebasing: bytes[start..<place])
                place += 1
                do throws(JSONEscape.Fault) {
                    try JSONEscape.decode(bytes, &place, end: bytes.count, into: &result)
                } catch {
                    return false
                }
                start = place
            case 0..<0x20: return false
            default: place += 1
            }
        }
        return false
    }

    /// The text that follows; nil where something else does.
    package mutating func string() -> String? {
        var bytes: [UInt8] = []
        return text(into: &bytes) ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// The value that follows, as it stands.
    package mutating func object() -> UnsafeBufferPointer<UInt8>? {
        skipBlanks()
        let start = place
        guard skipValue() else { return nil }
        return UnsafeBufferPointer(rebasing: bytes[start..<place])
    }

    /// Passes whatever value follows; false for what is none, or is nested more than 128 levels deep.
    package mutating func skipValue() -> Bool {
        var ignored: [UInt8] = []
        return skipValue(depth: 0, &ignored)
    }

    private mutating func skipValue(depth: Int, _ ignored: inout [UInt8]) -> Bool {
        skipBlanks()
        guard place < bytes.count, depth <= JSONTree.depthLimit else { return false }
        switch bytes[place] {
        case UInt8(ascii: "\""):
            ignored.removeAll(keepingCapacity: true)
            return text(into: &ignored)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let isObject = bytes[place] == UInt8(ascii: "{")
            let end = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
            place += 1
            if take(end) { return true }
            while true {
                if isObject {
                    ignored.removeAll(keepingCapacity: true)
                    guard text(into: &ignored), take(UInt8(ascii: ":")) else { return false }
                }
                guard skipValue(depth: depth + 1, &ignored) else { return false }
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
    package mutating func members() -> [(String, String)]? {
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
