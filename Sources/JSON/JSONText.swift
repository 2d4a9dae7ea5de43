/// What is escaped in texts beside quotes, backslashes, control characters and the line separators of JavaScript.
package enum JSONEscaping: Sendable {
    /// As Go's encoder with HTML escaping off: what Docker prints.
    case plain
    /// As Go's encoder by itself: `<`, `>` and `&` are escaped, so that a page may hold the text.
    case markup
    /// As Docker's writer of log lines: as `markup`, but only line feeds and carriage returns have a short form.
    case logLine

    // The letters of ASCII that are escaped, a bit for each, of the first 64 and the others.
    fileprivate var exceptions: (low: UInt64, high: UInt64) {
        func bit(_ letter: Unicode.Scalar) -> UInt64 { 1 << UInt64(letter.value & 63) }
        let low = 0xffff_ffff | bit("\"")
        if case .plain = self { return (low, bit("\\")) }
        return (low | bit("<") | bit(">") | bit("&"), bit("\\"))
    }
    fileprivate var hasShortForms: Bool { if case .logLine = self { false } else { true } }
}

/// Texts as JSON has them (RFC 8259, section 7), escaped as Go's encoding/json does it (1.22 and later).
package enum JSONText {
    private static let digits: StaticString = "0123456789abcdef"

    private static func digit(_ number: UInt8) -> UInt8 { digits.utf8Start[Int(number & 15)] }

    /// Appends `text` in quotes.
    package static func append(_ text: String, _ escaping: JSONEscaping = .plain, to bytes: inout [UInt8]) {
        var copy = text
        copy.withUTF8 { utf8 in
            bytes.append(UInt8(ascii: "\""))
            _ = appendEscaped(utf8, escaping, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// Appends `text` as it stands between quotes. What is no UTF-8 becomes U+FFFD, one for each byte; returns whether
    /// there was none of it.
    package static func appendEscaped(
        _ text: UnsafeBufferPointer<UInt8>, _ escaping: JSONEscaping, to bytes: inout [UInt8]
    ) -> Bool {
        // A bit for each letter of ASCII that does not stand for itself: one look at most bytes.
        let (low, high) = escaping.exceptions
        var isValid = true
        var start = 0
        var place = 0
        func flush(_ bytes: inout [UInt8]) {
            if start < place { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<place])) }
        }
        while place < text.count {
            let byte = text[place]
            if byte < 0x80 {
                if (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 0 {
                    place += 1
                    continue
                }
                flush(&bytes)
                escape(byte, escaping, &bytes)
            } else {
                let length = sequenceLength(text, place)
                if length == 3, byte == 0xE2, text[place + 1] == 0x80, text[place + 2] & 0xFE == 0xA8 {
                    // The line separators of JavaScript, U+2028 and U+2029.
                    flush(&bytes)
                    append("\\u202", &bytes)
                    bytes.append(digit(text[place + 2]))
                    place += 3
                    start = place
                    continue
                }
                if length > 0 {
                    place += length
                    continue
                }
                flush(&bytes)
                append("\\ufffd", &bytes)
                isValid = false
            }
            place += 1
            start = place
        }
        flush(&bytes)
        return isValid
    }

    @inline(__always)
    private static func escape(_ byte: UInt8, _ escaping: JSONEscaping, _ bytes: inout [UInt8]) {
        let short: UInt8
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): short = byte
        case 10: short = UInt8(ascii: "n")
        case 13: short = UInt8(ascii: "r")
        case 9 where escaping.hasShortForms: short = UInt8(ascii: "t")
        case 8 where escaping.hasShortForms: short = UInt8(ascii: "b")
        case 12 where escaping.hasShortForms: short = UInt8(ascii: "f")
        default:
            append("\\u00", &bytes)
            bytes.append(digit(byte >> 4))
            bytes.append(digit(byte))
            return
        }
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(short)
    }

    /// Appends what is JSON already.
    package static func append(json: StaticString, to bytes: inout [UInt8]) { append(json, &bytes) }

    private static func append(_ text: StaticString, _ bytes: inout [UInt8]) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    // The length of the well-formed sequence at `place` (The Unicode Standard, table 3-7); 0 where there is none.
    private static func sequenceLength(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Int {
        func isContinuation(_ offset: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            place + offset < text.count && range.contains(text[place + offset])
        }
        switch text[place] {
        case 0xC2...0xDF: return isContinuation(1) ? 2 : 0
        case 0xE0: return isContinuation(1, 0xA0...0xBF) && isContinuation(2) ? 3 : 0
        case 0xED: return isContinuation(1, 0x80...0x9F) && isContinuation(2) ? 3 : 0
        case 0xE1...0xEF: return isContinuation(1) && isContinuation(2) ? 3 : 0
        case 0xF0: return isContinuation(1, 0x90...0xBF) && isContinuation(2) && isContinuation(3) ? 4 : 0
        case 0xF1...0xF3: return isContinuation(1) && isContinuation(2) && isContinuation(3) ? 4 : 0
        case 0xF4: return isContinuation(1, 0x80...0x8F) && isContinuation(2) && isContinuation(3) ? 4 : 0
        default: return 0
        }
    }
}
