import CLinux

/// `bytes` random bytes of the kernel (getrandom(2)) as lowercase hexadecimal digits.
package func randomHex(bytes: Int) -> String {
    var random = [UInt8](repeating: 0, count: bytes)
    random.withUnsafeMutableBytes { buffer in
        var filled = 0
        while filled < buffer.count {
            let got = apus_getrandom(buffer.baseAddress! + filled, buffer.count - filled)
            if got > 0 { filled += got }
        }
    }
    return hex(random)
}

/// Whether `text` consists of lowercase hexadecimal digits, as `hex` writes them, at least one.
@inlinable
package func isHex(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
}

/// Lowercase hexadecimal digits of `bytes`.
@inlinable
package func hex(_ bytes: some Sequence<UInt8>) -> String {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digit(byte >> 4))
        text.append(digit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}

/// The value of a hexadecimal digit of either case; nil for any other letter.
package func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - 48
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - 87
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - 55
    default: nil
    }
}

/// The bytes of `text`, in which "%XX" stands for a byte (RFC 3986, section 2.1); nil for a malformed escape.
package func percentDecoded(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = text.makeIterator()
    while let byte = rest.next() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard let high = rest.next().flatMap(hexValue), let low = rest.next().flatMap(hexValue) else { return nil }
        bytes.append(high << 4 | low)
    }
    return bytes
}
