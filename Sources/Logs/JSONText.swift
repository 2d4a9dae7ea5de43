/// JSON text written byte by byte, as Go's encoder and so Docker's files have it. No Foundation: supervisors use it.
enum JSONText {
    private static let digits: StaticString = "0123456789abcdef"

    private static func digit(_ number: UInt8) -> UInt8 { digits.utf8Start[Int(number & 15)] }

    /// Appends `text` in quotes.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        var copy = text
        copy.withUTF8 { utf8 in
            bytes.append(UInt8(ascii: "\""))
            _ = appendEscaped(utf8, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// Appends an object of texts, in the order of its keys.
    static func append(_ members: [String: String], to bytes: inout [UInt8]) {
        var separator = UInt8(ascii: "{")
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            bytes.append(separator)
            append(name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            append(value, to: &bytes)
            separator = UInt8(ascii: ",")
        }
        if members.isEmpty { bytes.append(separator) }
        bytes.append(UInt8(ascii: "}"))
    }

    /// Appends `text` as it stands between quotes. What is no UTF-8 becomes U+FFFD, one for each byte; returns whether
    /// there was none of it.
    static func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) -> Bool {
        var isValid = true
        var start = 0
        var place = 0
        func flush(_ bytes: inout [UInt8]) {
            if start < place { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<place])) }
        }
        while place < text.count {
            let byte = text[place]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                flush(&bytes)
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"):
                flush(&bytes)
                append("\\n", &bytes)
            case UInt8(ascii: "\r"):
                flush(&bytes)
                append("\\r", &bytes)
            case 0..<0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
                flush(&bytes)
                append("\\u00", &bytes)
                bytes.append(digit(byte >> 4))
                bytes.append(digit(byte))
            case 0x20..<0x80:
                place += 1
                continue
            default:
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

    /// Appends `data` in Base64 (RFC 4648, section 4).
    static func appendBase64(_ data: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
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
}
