package import Bytes

/// Writes JSON (RFC 8259) value by value, with neither a tree nor an `Encoder` behind it: the first use of `JSONEncoder`
/// in a process costs a millisecond. What is written is well-formed as long as each `begin` has its `end`, and each
/// value in an object follows a name.
package struct JSONWriter {
    /// What has been written.
    package private(set) var bytes: [UInt8] = []
    private let escaping: JSONEscaping
    private let indent: Int?
    private var depth = 0
    // Whether the innermost open object or list has nothing in it yet.
    private var isEmpty = true
    private var isNamed = false

    /// Begins with nothing. With `indent` each member and element has a line of its own, that many spaces deeper on each
    /// level; without, there are no blanks.
    package init(_ escaping: JSONEscaping = .plain, indent: Int? = nil) {
        self.escaping = escaping
        self.indent = indent
    }

    /// Begins with an open object, which `finished` closes.
    package static func object(_ escaping: JSONEscaping = .plain) -> JSONWriter {
        var writer = JSONWriter(escaping)
        writer.bytes.reserveCapacity(4096)
        writer.beginObject()
        return writer
    }

    /// Closes the object that `object` began, and gives it.
    package consuming func finished() -> [UInt8] {
        endObject()
        return bytes
    }

    // MARK: values

    /// Opens an object; names and values follow.
    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes the innermost object.
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens a list.
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes the innermost list.
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// The name of the member whose value follows.
    package mutating func name(_ name: String) {
        separate()
        JSONText.append(name, escaping, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        if indent != nil { bytes.append(UInt8(ascii: " ")) }
        isNamed = true
    }

    /// A text.
    package mutating func string(_ text: String) {
        begin()
        JSONText.append(text, escaping, to: &bytes)
    }

    /// A value that is JSON already: the digits of a number, `null`.
    package mutating func raw(_ json: String) {
        begin()
        for byte in json.utf8 { bytes.append(byte) }
    }

    /// true or false.
    package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

    private mutating func open(_ bracket: UInt8) {
        begin()
        bytes.append(bracket)
        depth += 1
        isEmpty = true
    }

    private mutating func close(_ bracket: UInt8) {
        depth -= 1
        if !isEmpty { breakLine() }
        isEmpty = false
        bytes.append(bracket)
    }

    private mutating func begin() {
        if isNamed { isNamed = false } else if depth > 0 { separate() }
    }

    private mutating func separate() {
        if !isEmpty { bytes.append(UInt8(ascii: ",")) }
        isEmpty = false
        breakLine()
    }

    private mutating func breakLine() {
        guard let indent else { return }
        bytes.append(10)
        for _ in 0..<indent * depth { bytes.append(32) }
    }
}

// Members, by name and value; a value that is nil leaves its member out.
extension JSONWriter {
    /// A member that is a text.
    package mutating func write(_ name: String, _ value: String?) {
        guard let value else { return }
        self.name(name)
        string(value)
    }

    /// A member that is true or false.
    package mutating func write(_ name: String, _ value: Bool?) {
        guard let value else { return }
        self.name(name)
        bool(value)
    }

    /// A member that is a number.
    package mutating func write(_ name: String, _ value: Int64?) {
        guard let value else { return }
        self.name(name)
        raw(String(value))
    }

    /// A member that is a number.
    package mutating func write(_ name: String, _ value: Int?) { write(name, value.map { Int64($0) }) }

    /// A member that is a list of texts.
    package mutating func write(_ name: String, _ list: [String]?) {
        guard let list else { return }
        self.name(name)
        beginArray()
        for text in list { string(text) }
        endArray()
    }

    /// A member that is an object of texts, in the order of their names.
    package mutating func write(_ name: String, _ members: [ByteKey: String]?) {
        guard let members else { return }
        self.name(name)
        strings(members)
    }

    /// An object whose members `body` writes.
    package mutating func write(_ name: String, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        beginObject()
        body(&self)
        endObject()
    }

    /// A value that is JSON already.
    package mutating func write(_ name: String, json: [UInt8]) {
        self.name(name)
        begin()
        bytes.append(contentsOf: json)
    }

    /// An object of texts, in the order of their names, as Go sorts them.
    package mutating func strings(_ members: [ByteKey: String]) {
        beginObject()
        for key in members.orderedKeys { write(key.text, members[key]) }
        endObject()
    }
}
