/// A text as the key of a dictionary or the member of a set: equal to another only where all bytes are, and in the order of its
/// bytes, as Go sorts. A dictionary of `String` has one place for "é" as a letter and "é" as an "e" with an accent. JSON reads and
/// writes it as the text that it is.
package struct ByteKey: Hashable, Comparable, Sendable {
    /// The text.
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: ByteKey, right: ByteKey) -> Bool { left.text.isSame(as: right.text) }

    package static func < (left: ByteKey, right: ByteKey) -> Bool { left.text.comes(before: right.text) }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension ByteKey: ExpressibleByStringLiteral, CustomStringConvertible {
    package init(stringLiteral value: String) { self.init(value) }

    /// The text.
    package var description: String { text }
}

extension ByteKey: Codable, CodingKeyRepresentable {
    package init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// What makes a dictionary of such keys an object.
    package var codingKey: any CodingKey { Name(stringValue: text) }

    package init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }
}

extension Dictionary where Key == ByteKey {
    /// The value of the key that has the bytes of `text`.
    package subscript(text: String) -> Value? {
        get { self[ByteKey(text)] }
        set { self[ByteKey(text)] = newValue }
    }

    /// The keys, in the order of their bytes. To sort them in any other way looks through all conformances of the program when it is gone for the
    /// first time, and a start may not.
    package var orderedKeys: [ByteKey] {
        if isEmpty { return [] }
        var keys: [ByteKey] = []
        keys.reserveCapacity(count)
        for key in self.keys { keys.append(key) }
        return ordered(keys)
    }

    /// The texts of the keys, in the order of their bytes.
    package var names: [String] { orderedKeys.map(\.text) }
}

// Not generic, so that what sorts is made for it.
private func ordered(_ keys: [ByteKey]) -> [ByteKey] {
    var keys = keys
    if keys.count > 1 { keys.sort() }
    return keys
}

extension [String] {
    /// Whether one of the texts has the bytes of `text`.
    package func has(_ text: String) -> Bool { contains { $0.isSame(as: text) } }
}
