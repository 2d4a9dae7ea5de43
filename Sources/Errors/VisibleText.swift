/// Text of others (registries, images, file names) for a person's eyes: a terminal obeys control characters (ECMA-48), and a
/// line feed or a change of direction (UAX #9) makes one message look like two, or like another.
package enum VisibleText {
    /// `text` with such characters in Go's notation: "\x1b", "\u202e". Those in `keeping` are the caller's own, and stay: tabs
    /// and line feeds.
    package static func escaped(_ text: String, keeping: String = "") -> String {
        // The control characters that stay, a bit for each.
        var kept: UInt32 = 0
        for byte in keeping.utf8 where byte < 32 { kept |= 1 << UInt32(byte) }
        let isAffected = text.utf8.contains { byte in
            byte < 32 ? kept >> UInt32(byte) & 1 == 0 : byte == 127 || byte >= 0xc2
        }
        guard isAffected else { return text }
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case _ where keeping.unicodeScalars.contains(scalar): result.unicodeScalars.append(scalar)
            case 9: result += "\\t"
            case 10: result += "\\n"
            case 13: result += "\\r"
            case 0..<32, 127: result += "\\x" + padded(scalar, 2)
            case 0x80...0x9f, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069:
                result += "\\u" + padded(scalar, 4)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func padded(_ scalar: Unicode.Scalar, _ width: Int) -> String {
        let digits = String(scalar.value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
