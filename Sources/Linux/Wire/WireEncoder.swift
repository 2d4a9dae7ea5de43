package import Bytes

/// Writes values in the form that our processes and our small records share: integers little-endian in
/// their own width, everything of variable length after its count (UInt32). There are no tags: reader
/// and writer agree on the order, and a record starts with its version.
package struct WireEncoder: Sendable {
    /// What was written so far.
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Writes `value` in as many bytes as its type has, the lowest first.
    package mutating func writeInteger(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes one byte, 1 or 0.
    package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

    /// Writes the length in bytes and the UTF-8 of `text`.
    package mutating func write(_ text: String) {
        var copy = text
        copy.withUTF8 { utf8 in
            writeInteger(UInt32(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    /// Writes the length and the bytes of `data`.
    package mutating func write(data: [UInt8]) {
        writeInteger(UInt32(data.count))
        bytes.append(contentsOf: data)
    }

    /// Writes what `value` consists of.
    package mutating func write(_ value: some WireCodable) { value.encode(to: &self) }

    /// Writes 0, or 1 and the value.
    package mutating func write(_ value: (some WireCodable)?) {
        write(value != nil)
        if let value { write(value) }
    }

    /// Writes the number of elements and each of them.
    package mutating func write(_ list: [some WireCodable]) {
        writeInteger(UInt32(list.count))
        for element in list { write(element) }
    }

    /// Writes the number of pairs and each of them, in the order of the keys, so that equal values have
    /// equal bytes.
    package mutating func write(_ dictionary: [ByteKey: some WireCodable]) {
        writeInteger(UInt32(dictionary.count))
        for key in dictionary.orderedKeys {
            write(key.text)
            if let value = dictionary[key] { write(value) }
        }
    }
}

/// A value that can be written to and read from the wire form.
package protocol WireCodable {
    /// Appends the value's parts to `encoder`.
    func encode(to encoder: inout WireEncoder)
    /// Reads the parts in the order of `encode(to:)`; throws where the bytes are not such a value.
    init(from decoder: inout WireDecoder) throws(WireError)
}
