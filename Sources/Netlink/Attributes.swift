package import Addresses

/// The attributes of a netlink message that is being written (netlink(7), rtnetlink(7)): type, length and value each, values
/// of other attributes among them.
package struct AttributeWriter {
    /// What has been written, each attribute padded to four bytes.
    package private(set) var bytes: [UInt8] = []

    // NLA_F_NESTED
    private static let nestedFlag: UInt16 = 1 << 15

    package init() {}

    /// An attribute with these bytes as its value.
    package mutating func put(_ type: UInt16, _ value: [UInt8]) {
        append(UInt16(truncatingIfNeeded: value.count + 4))
        append(type)
        bytes += value
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    /// A number in the machine's order, as rtnetlink has them.
    package mutating func put<Number: FixedWidthInteger>(_ type: UInt16, _ number: Number) {
        put(type, withUnsafeBytes(of: number) { Array($0) })
    }

    /// A number with its highest byte first, as nfnetlink has them.
    package mutating func put<Number: FixedWidthInteger>(_ type: UInt16, network number: Number) {
        put(type, withUnsafeBytes(of: number.bigEndian) { Array($0) })
    }

    /// A text with a zero byte behind it.
    package mutating func put(_ type: UInt16, text: String) { put(type, Array(text.utf8) + [0]) }

    /// An address's four or sixteen bytes.
    package mutating func put(_ type: UInt16, _ address: IPAddress) { put(type, address.bytes) }

    /// An attribute whose value are the attributes that `body` writes.
    package mutating func nest(_ type: UInt16, _ body: (inout AttributeWriter) -> Void) {
        var inner = AttributeWriter()
        body(&inner)
        put(type | Self.nestedFlag, inner.bytes)
    }

    private mutating func append(_ number: UInt16) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }
}

/// The attributes of a message of the kernel's, the last of each type; what does not fit its own length is left out.
package struct Attributes {
    private var values: [UInt16: ArraySlice<UInt8>] = [:]
    /// Types and values in their order: of some lists each member has the same type.
    package private(set) var list: [(type: UInt16, value: ArraySlice<UInt8>)] = []

    /// Takes `bytes` apart.
    package init(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while rest.count >= 4 {
            let length = Int(rest.number(at: 0, UInt16.self))
            // Without NLA_F_NESTED and NLA_F_NET_BYTEORDER.
            let type = rest.number(at: 2, UInt16.self) & 0x3fff
            guard length >= 4, length <= rest.count else { return }
            let value = rest.dropFirst(4).prefix(length - 4)
            values[type] = value
            list.append((type, value))
            rest = rest.dropFirst((length + 3) & ~3)
        }
    }

    /// The value of the attribute `type`; nil where there is none.
    package subscript(_ type: UInt16) -> ArraySlice<UInt8>? { values[type] }

    /// A number in the machine's order; nil where there is none, or one of another size.
    package func number<Number: FixedWidthInteger>(_ type: UInt16, _: Number.Type) -> Number? {
        guard let value = values[type], value.count == MemoryLayout<Number>.size else { return nil }
        return value.number(at: 0, Number.self)
    }

    /// A text up to its zero byte.
    package func text(_ type: UInt16) -> String? {
        values[type].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// The attributes within the attribute `type`; none where there is none.
    package func nested(_ type: UInt16) -> Attributes { Attributes(values[type] ?? []) }
}

extension ArraySlice<UInt8> {
    /// The number in the machine's order that begins `offset` bytes into the slice, which must hold it.
    package func number<Number: FixedWidthInteger>(at offset: Int, _: Number.Type) -> Number {
        var number: Number = 0
        Swift.withUnsafeMutableBytes(of: &number) { target in
            for place in 0..<target.count { target[place] = self[startIndex + offset + place] }
        }
        return number
    }
}
