/// Writes one JSON object member by member (RFC 8259), with neither a tree nor an `Encoder` behind it: the first use of
/// `JSONEncoder` in a process costs a millisecond. A value that is nil leaves its member out.
package struct JSONObjectWriter {
    private var bytes: [UInt8]
    private var needsComma = false

    /// An object without members.
    package init() {
        bytes = [UInt8(ascii: "{")]
        bytes.reserveCapacity(4096)
    }

    /// The object. Nothing can be written behind it.
    package consuming func finished() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// A member that is a text.
    package mutating func write(_ name: String, _ value: String?) {
        guard let value else { return }
        begin(name)
        Self.append(value, to: &bytes)
    }

    /// A member that is true or false.
    package mutating func write(_ name: String, _ value: Bool?) {
        guard let value else { return }
        begin(name)
        append(value ? "true" : "false")
    }

    /// A member that is a number.
    package mutating func write(_ name: String, _ value: Int64?) {
        guard let value else { return }
        begin(name)
        append(String(value))
    }

    /// A member that is a number.
    package mutating func write(_ name: String, _ value: Int?) { write(name, value.map { Int64($0) }) }

    /// A member that is a list of texts.
    package mutating func write(_ name: String, _ list: [String]?) {
        guard let list else { return }
        begin(name)
        bytes.append(UInt8(ascii: "["))
        for place in 0..<list.count {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            Self.append(list[place], to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// A member that is an object of texts, in the order of their names.
    package mutating func write(_ name: String, _ members: [String: String]?) {
        guard let members else { return }
        write(name) { writer in
            for key in members.keys.sorted() { writer.write(key, members[key]) }
        }
    }

    /// An object whose members `body` writes.
    package mutating func write(_ name: String, _ body: (inout JSONObjectWriter) -> Void) {
        begin(name)
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// A value that is JSON already.
    package mutating func write(_ name: String, json: [UInt8]) {
        begin(name)
        bytes.append(contentsOf: json)
    }

    private mutating func begin(_ name: String) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        Self.append(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func append(_ text: String) {
        for byte in text.utf8 { bytes.append(byte) }
    }

    /// Appends `text` as a JSON string.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 10: escape(UInt8(ascii: "n"), &bytes)
            case 13: escape(UInt8(ascii: "r"), &bytes)
            case 9: escape(UInt8(ascii: "t"), &bytes)
            case 0..<32, 127:
                escape(UInt8(ascii: "u"), &bytes)
                bytes.append(UInt8(ascii: "0"))
                bytes.append(UInt8(ascii: "0"))
                bytes.append(digit(byte >> 4))
                bytes.append(digit(byte & 15))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func escape(_ letter: UInt8, _ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(letter)
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
