package import Bytes

/// Reads what `WireEncoder` wrote. Every length is checked against the bytes that are there before
/// anything is allocated for it, so that bytes of a process that lies cost no more than themselves.
package struct WireDecoder: Sendable {
    private let bytes: [UInt8]
    private var position = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The number of bytes not read yet.
    package var remaining: Int { bytes.count - position }

    /// Reads one integer of `T`'s width.
    package mutating func readInteger<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(WireError) -> T {
        let width = MemoryLayout<T>.size
        let start = try take(width)
        // The standard library's unaligned load is generic code that has the runtime make types.
        var value: T = 0
        withUnsafeMutableBytes(of: &value) { target in
            bytes.withUnsafeBytes {
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + width]))
            }
        }
        return T(littleEndian: value)
    }

    /// Reads one byte that must be 0 or 1.
    package mutating func read(_ type: Bool.Type = Bool.self) throws(WireError) -> Bool {
        switch try readInteger(UInt8.self) {
        case 0: return false
        case 1: return true
        default: throw .invalidValue("truth value")
        }
    }

    /// Reads a text; throws `invalidText` for bytes that are no UTF-8.
    package mutating func read(_ type: String.Type = String.self) throws(WireError) -> String {
        let count = try readCount()
        let start = try take(count)
        guard let text = String(utf8: bytes[start..<start + count]) else { throw .invalidText }
        return text
    }

    /// Reads bytes.
    package mutating func readData() throws(WireError) -> [UInt8] {
        let count = try readCount()
        let start = try take(count)
        return Array(bytes[start..<start + count])
    }

    /// Reads a value of `T`.
    package mutating func read<T: WireCodable>(_ type: T.Type = T.self) throws(WireError) -> T {
        try T(from: &self)
    }

    /// Reads a value that may be missing.
    package mutating func read<T: WireCodable>(_ type: T?.Type = T?.self) throws(WireError) -> T? {
        guard try read(Bool.self) else { return nil }
        return try T(from: &self)
    }

    /// Reads a list.
    package mutating func read<T: WireCodable>(_ type: [T].Type = [T].self) throws(WireError) -> [T] {
        let count = try readCount()
        var list: [T] = []
        // Capacity comes from the bytes that are there, not from a count that may lie.
        list.reserveCapacity(min(count, remaining))
        for _ in 0..<count { list.append(try T(from: &self)) }
        return list
    }

    /// Reads a dictionary; throws for a key that comes twice.
    package mutating func read<T: WireCodable>(_ type: [ByteKey: T].Type = [ByteKey: T].self) throws(WireError)
        -> [ByteKey: T]
    {
        let count = try readCount()
        var dictionary: [ByteKey: T] = [:]
        for _ in 0..<count {
            let key = try read(String.self)
            guard dictionary.updateValue(try T(from: &self), forKey: ByteKey(key)) == nil else {
                throw .invalidValue("double key")
            }
        }
        return dictionary
    }

    /// Throws `trailing` unless everything was read.
    package func finish() throws(WireError) {
        if remaining > 0 { throw .trailing(remaining) }
    }

    private mutating func readCount() throws(WireError) -> Int { Int(try readInteger(UInt32.self)) }

    private mutating func take(_ count: Int) throws(WireError) -> Int {
        guard count <= remaining else { throw .truncated(missing: count - remaining) }
        defer { position += count }
        return position
    }
}
