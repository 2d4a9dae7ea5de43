extension TemplateValue {
    /// Reads one JSON document (RFC 8259). Numbers without fraction or exponent stay integers, members keep their
    /// order. Throws `TemplateError` with the byte at which the text stops being JSON.
    package init(json bytes: some Collection<UInt8>) throws(TemplateError) {
        var reader = JSONReader(bytes: Array(bytes))
        self = try reader.document()
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    var position = 0

    mutating func document() throws(TemplateError) -> TemplateValue {
        let value = try value(depth: 0)
        skipBlanks()
        if position < bytes.count { throw invalid() }
        return value
    }

    private func invalid() -> TemplateError { TemplateError("invalid JSON at byte \(position)") }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = current, byte == 32 || (byte >= 9 && byte <= 13) { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(word: StaticString) -> Bool {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        for offset in 0..<word.utf8CodeUnitCount where bytes[position + offset] != word.utf8Start[offset] {
            return false
        }
        position = end
        return true
    }

    private mutating func value(depth: Int) throws(TemplateError) -> TemplateValue {
        // As deep as Go's decoder goes; our stack holds that.
        guard depth < 1000 else { throw TemplateError("the JSON document is nested too deeply") }
        skipBlanks()
        switch current {
        case UInt8(ascii: "{"):
            position += 1
            var map = TemplateMap()
            if take(UInt8(ascii: "}")) { return .map(map) }
            repeat {
                skipBlanks()
                let key = try string()
                guard take(UInt8(ascii: ":")) else { throw invalid() }
                map[key] = try value(depth: depth + 1)
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw invalid() }
            return .map(map)
        case UInt8(ascii: "["):
            position += 1
            var list: [TemplateValue] = []
            if take(UInt8(ascii: "]")) { return .list(list) }
            repeat { list.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw invalid() }
            return .list(list)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t") where take(word: "true"): return .bool(true)
        case UInt8(ascii: "f") where take(word: "false"): return .bool(false)
        case UInt8(ascii: "n") where take(word: "null"): return .null
        default: return try number()
        }
    }

    private mutating func number() throws(TemplateError) -> TemplateValue {
        let start = position
        while let byte = current, (48...57).contains(byte) || "+-.eE".utf8.contains(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let digits = text.drop { $0 == "-" }
        let isWellFormed =
            digits.first?.isNumber == true && digits.last?.isNumber == true
            && !(digits.count > 1 && digits.first == "0" && digits.dropFirst().first?.isNumber == true)
        if isWellFormed {
            if let value = Int64(text) { return .int(value) }
            if let value = Double(text) { return .double(value) }
        }
        position = start
        throw invalid()
    }

    private mutating func string() throws(TemplateError) -> String {
        guard current == UInt8(ascii: "\"") else { throw invalid() }
        position += 1
        var text: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(&text)
            case 0..<32:
                position -= 1
                throw invalid()
            default: text.append(byte)
            }
        }
        throw invalid()
    }

    private mutating func escape(_ text: inout [UInt8]) throws(TemplateError) {
        guard let byte = current else { throw invalid() }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            {
                let mark = position
                position += 2
                let low = try hexadecimal()
                if (0xDC00..<0xE000).contains(low) {
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                } else {
                    position = mark
                }
            }
            // Half a pair stands for nothing: the replacement character, as Go has it.
            text.append(contentsOf: String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
        default:
            position -= 1
            throw invalid()
        }
    }

    private mutating func hexadecimal() throws(TemplateError) -> UInt32 {
        guard position + 4 <= bytes.count,
            bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw invalid() }
        position += 4
        return code
    }
}
