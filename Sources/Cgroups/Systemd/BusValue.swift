/// A value of D-Bus's type system (D-Bus specification, Type System), as far as systemd's manager is spoken to.
indirect enum BusValue: Equatable, Sendable {
    case byte(UInt8)
    case boolean(Bool)
    case uint32(UInt32)
    case int32(Int32)
    case uint64(UInt64)
    case string(String)
    case objectPath(String)
    case signature(String)
    /// Values of one type, whose signature an empty array needs as well.
    case array(String, [BusValue])
    case structure([BusValue])
    case variant(BusValue)

    /// The type's signature.
    var signature: String {
        switch self {
        case .byte: "y"
        case .boolean: "b"
        case .uint32: "u"
        case .int32: "i"
        case .uint64: "t"
        case .string: "s"
        case .objectPath: "o"
        case .signature: "g"
        case .array(let element, _): "a" + element
        case .structure(let members): "(" + members.map(\.signature).joined() + ")"
        case .variant: "v"
        }
    }

    /// An array of bytes.
    static func bytes(_ bytes: [UInt8]) -> BusValue { .array("y", bytes.map { .byte($0) }) }

    /// How its type is aligned, in bytes.
    static func alignment(_ type: UInt8) -> Int {
        switch type {
        case UInt8(ascii: "t"), UInt8(ascii: "x"), UInt8(ascii: "d"), UInt8(ascii: "("), UInt8(ascii: "{"): 8
        case UInt8(ascii: "y"), UInt8(ascii: "g"), UInt8(ascii: "v"): 1
        case UInt8(ascii: "n"), UInt8(ascii: "q"): 2
        default: 4
        }
    }
}

/// Writes values in little-endian order, each aligned from the start of the message.
struct BusWriter {
    private(set) var bytes: [UInt8] = []

    mutating func align(_ boundary: Int) {
        while bytes.count % boundary != 0 { bytes.append(0) }
    }

    mutating func write(_ number: some FixedWidthInteger) {
        align(number.bitWidth / 8)
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(text: String) {
        write(UInt32(text.utf8.count))
        bytes += Array(text.utf8) + [0]
    }

    mutating func write(_ value: BusValue) {
        switch value {
        case .byte(let byte): bytes.append(byte)
        case .boolean(let truth): write(UInt32(truth ? 1 : 0))
        case .uint32(let number): write(number)
        case .int32(let number): write(number)
        case .uint64(let number): write(number)
        case .string(let text), .objectPath(let text): write(text: text)
        case .signature(let text):
            bytes.append(UInt8(text.utf8.count))
            bytes += Array(text.utf8) + [0]
        case .array(let element, let values): write(values, of: element)
        case .structure(let members):
            align(8)
            for member in members { write(member) }
        case .variant(let inner):
            write(.signature(inner.signature))
            write(inner)
        }
    }

    // The length counts from the first element: padding before that is not part of it.
    private mutating func write(_ values: [BusValue], of element: String) {
        write(UInt32(0))
        let place = bytes.count - 4
        align(BusValue.alignment(element.utf8.first!))
        let start = bytes.count
        for value in values { write(value) }
        withUnsafeBytes(of: UInt32(bytes.count - start).littleEndian) { length in
            for (index, byte) in length.enumerated() { bytes[place + index] = byte }
        }
    }
}

/// Reads values; every length is checked against the bytes that are there.
struct BusReader {
    private let bytes: [UInt8]
    private let isBigEndian: Bool
    private(set) var position: Int

    init(_ bytes: [UInt8], at position: Int = 0, isBigEndian: Bool) {
        self.bytes = bytes
        self.position = position
        self.isBigEndian = isBigEndian
    }

    /// What is no message of the protocol.
    struct Malformed: Error {}

    mutating func align(_ boundary: Int) throws(Malformed) {
        let aligned = (position + boundary - 1) / boundary * boundary
        guard aligned <= bytes.count else { throw Malformed() }
        position = aligned
    }

    mutating func readNumber<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(Malformed) -> T {
        let size = MemoryLayout<T>.size
        try align(size)
        guard bytes.count - position >= size else { throw Malformed() }
        let raw = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: T.self) }
        position += size
        return isBigEndian ? T(bigEndian: raw) : T(littleEndian: raw)
    }

    private mutating func readText(_ length: Int) throws(Malformed) -> String {
        guard length >= 0, bytes.count - position > length, bytes[position + length] == 0 else { throw Malformed() }
        defer { position += length + 1 }
        return String(decoding: bytes[position..<(position + length)], as: UTF8.self)
    }

    /// The values of `signature`, one for each complete type in it.
    mutating func read(_ signature: String) throws(Malformed) -> [BusValue] {
        var rest = Array(signature.utf8)[...]
        var values: [BusValue] = []
        while !rest.isEmpty { values.append(try read(&rest, depth: 0)) }
        return values
    }

    private mutating func read(_ signature: inout ArraySlice<UInt8>, depth: Int) throws(Malformed) -> BusValue {
        guard depth < 32, let type = signature.popFirst() else { throw Malformed() }
        switch type {
        case UInt8(ascii: "y"): return .byte(try readNumber())
        case UInt8(ascii: "b"): return .boolean(try readNumber(UInt32.self) != 0)
        case UInt8(ascii: "u"), UInt8(ascii: "h"): return .uint32(try readNumber())
        case UInt8(ascii: "i"): return .int32(try readNumber())
        case UInt8(ascii: "t"), UInt8(ascii: "x"), UInt8(ascii: "d"): return .uint64(try readNumber())
        case UInt8(ascii: "n"), UInt8(ascii: "q"): return .uint32(UInt32(try readNumber(UInt16.self)))
        case UInt8(ascii: "s"): return .string(try readText(Int(try readNumber(UInt32.self))))
        case UInt8(ascii: "o"): return .objectPath(try readText(Int(try readNumber(UInt32.self))))
        case UInt8(ascii: "g"): return .signature(try readText(Int(try readNumber(UInt8.self))))
        case UInt8(ascii: "v"):
            guard case .signature(let inner) = try self.value("g") else { throw Malformed() }
            var rest = Array(inner.utf8)[...]
            let value = try read(&rest, depth: depth + 1)
            guard rest.isEmpty else { throw Malformed() }
            return .variant(value)
        case UInt8(ascii: "("), UInt8(ascii: "{"):
            let end = type == UInt8(ascii: "(") ? UInt8(ascii: ")") : UInt8(ascii: "}")
            try align(8)
            var members: [BusValue] = []
            while let next = signature.first, next != end { members.append(try read(&signature, depth: depth + 1)) }
            guard signature.popFirst() == end else { throw Malformed() }
            return .structure(members)
        case UInt8(ascii: "a"): return try readArray(&signature, depth: depth)
        default: throw Malformed()
        }
    }

    private mutating func value(_ signature: String) throws(Malformed) -> BusValue {
        var rest = Array(signature.utf8)[...]
        return try read(&rest, depth: 0)
    }

    private mutating func readArray(_ signature: inout ArraySlice<UInt8>, depth: Int) throws(Malformed) -> BusValue {
        let length = Int(try readNumber(UInt32.self))
        guard let first = signature.first else { throw Malformed() }
        try align(BusValue.alignment(first))
        guard length <= bytes.count - position else { throw Malformed() }
        let element = try Self.completeType(signature)
        let end = position + length
        var values: [BusValue] = []
        while position < end {
            var type = element
            let before = position
            values.append(try read(&type, depth: depth + 1))
            guard position > before else { throw Malformed() }
        }
        guard position == end else { throw Malformed() }
        signature = signature.dropFirst(element.count)
        return .array(String(decoding: element, as: UTF8.self), values)
    }

    // The first complete type of a signature.
    private static func completeType(_ signature: ArraySlice<UInt8>) throws(Malformed) -> ArraySlice<UInt8> {
        var depth = 0
        for (index, byte) in zip(signature.indices, signature) {
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "a"): continue
            default: break
            }
            if depth < 0 { break }
            if depth == 0 { return signature[...index] }
        }
        throw Malformed()
    }
}
