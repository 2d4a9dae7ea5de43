/// Base64 with the standard alphabet (RFC 4648, section 4).
package enum Base64 {
    /// Appends `data` as text, with its padding.
    package static func append(_ data: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        func letter(_ bits: UInt32) -> UInt8 { alphabet.utf8Start[Int(bits & 63)] }
        var place = 0
        while place < data.count {
            let left = data.count - place
            var group = UInt32(data[place]) << 16
            if left > 1 { group |= UInt32(data[place + 1]) << 8 }
            if left > 2 { group |= UInt32(data[place + 2]) }
            bytes.append(letter(group >> 18))
            bytes.append(letter(group >> 12))
            bytes.append(left > 1 ? letter(group >> 6) : UInt8(ascii: "="))
            bytes.append(left > 2 ? letter(group) : UInt8(ascii: "="))
            place += 3
        }
    }

    /// `data` as text, with its padding.
    package static func encoded(_ data: [UInt8]) -> String {
        var bytes: [UInt8] = []
        data.withUnsafeBufferPointer { append($0, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes that `text` stands for, of which the padding may be missing; nil for what is no such text.
    package static func decoded(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 3)
        var bits: UInt32 = 0
        var letters = 0
        var padding = 0
        for byte in text {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 65
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 71
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte + 4
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            case UInt8(ascii: "="):
                padding += 1
                continue
            default: return nil
            }
            if padding > 0 { return nil }
            bits = bits << 6 | UInt32(value)
            letters += 1
            if letters & 3 != 1 {
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(2 * ((4 - letters & 3) & 3))))
            }
        }
        // One letter alone has six bits, which are no byte; padding fills a group of four, or is not there.
        guard letters & 3 != 1, padding == 0 || padding < 3 && (letters + padding) & 3 == 0 else { return nil }
        return bytes
    }
}
