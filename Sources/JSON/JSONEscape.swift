/// The escapes in texts (RFC 8259, section 7), for all that reads JSON here.
enum JSONEscape {
    /// Why what stands behind a backslash is no escape.
    enum Fault: Error {
        case cut, unknown, malformedCode

        /// A part of a sentence.
        var cause: String {
            switch self {
            case .cut: "a text has no end"
            case .unknown: "a text has an unknown escape"
            case .malformedCode: "a text has a malformed \\u"
            }
        }
    }

    /// Appends what the escape at `place`, behind its backslash, stands for, and moves `place` behind it. Half of a
    /// surrogate pair stands for U+FFFD, as in Go. Nothing at or behind `end` is looked at.
    static func decode(
        _ text: UnsafeBufferPointer<UInt8>, _ place: inout Int, end: Int, into bytes: inout [UInt8]
    ) throws(Fault) {
        guard place < end else { throw .cut }
        let kind = text[place]
        place += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(kind)
        case UInt8(ascii: "n"): bytes.append(10)
        case UInt8(ascii: "t"): bytes.append(9)
        case UInt8(ascii: "r"): bytes.append(13)
        case UInt8(ascii: "b"): bytes.append(8)
        case UInt8(ascii: "f"): bytes.append(12)
        case UInt8(ascii: "u"):
            guard var code = fourDigits(text, place, end) else { throw .malformedCode }
            place += 4
            if code & 0xfc00 == 0xd800, place + 1 < end, text[place] == UInt8(ascii: "\\"),
                text[place + 1] == UInt8(ascii: "u")
            {
                guard let low = fourDigits(text, place + 2, end) else { throw .malformedCode }
                // Where the second is no low half it is read again, as a code of its own.
                if low & 0xfc00 == 0xdc00 {
                    code = 0x10000 + (code & 0x3ff) << 10 + low & 0x3ff
                    place += 6
                }
            }
            append(code & 0xffff_f800 == 0xd800 ? 0xfffd : code, to: &bytes)
        default: throw .unknown
        }
    }

    /// Four digits and nothing else: `Int(_:radix:)` would take a sign among them.
    private static func fourDigits(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
        guard start + 4 <= end else { return nil }
        var code: UInt32 = 0
        for place in start..<start + 4 {
            let byte = text[place]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): code = code << 4 | UInt32(byte - 48)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): code = code << 4 | UInt32(byte - 87)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): code = code << 4 | UInt32(byte - 55)
            default: return nil
            }
        }
        return code
    }

    // In UTF-8.
    private static func append(_ code: UInt32, to bytes: inout [UInt8]) {
        func tail(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(code >> shift & 0x3f) }
        if code < 0x80 {
            bytes.append(UInt8(code))
        } else if code < 0x800 {
            bytes.append(0xc0 | UInt8(code >> 6))
            bytes.append(tail(0))
        } else if code < 0x10000 {
            bytes.append(0xe0 | UInt8(code >> 12))
            bytes.append(tail(6))
            bytes.append(tail(0))
        } else {
            bytes.append(0xf0 | UInt8(code >> 18))
            bytes.append(tail(12))
            bytes.append(tail(6))
            bytes.append(tail(0))
        }
    }
}
