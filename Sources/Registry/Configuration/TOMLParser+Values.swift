import Bytes

extension TOMLParser {
    /// Reads a value.
    mutating func value() throws(TOMLError) -> TOMLTree {
        guard let byte else { throw error("a value is missing") }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
        case UInt8(ascii: "["): return try nested { parser throws(TOMLError) in try parser.array() }
        case UInt8(ascii: "{"): return try nested { parser throws(TOMLError) in try parser.inlineTable() }
        default: return try word()
        }
    }

    private mutating func nested(
        _ body: (inout TOMLParser) throws(TOMLError) -> TOMLTree
    ) throws(TOMLError) -> TOMLTree {
        guard depth < Self.depthLimit else { throw error("values are nested too deeply") }
        depth += 1
        let tree = try body(&self)
        depth -= 1
        return tree
    }

    private mutating func array() throws(TOMLError) -> TOMLTree {
        place += 1
        var elements: [TOMLTree] = []
        while true {
            try blankLines()
            if byte == UInt8(ascii: "]") { break }
            elements.append(try value())
            try blankLines()
            if byte == UInt8(ascii: ",") {
                place += 1
            } else if byte != UInt8(ascii: "]") {
                throw error("an array is not closed")
            }
        }
        place += 1
        return .array(elements)
    }

    private mutating func inlineTable() throws(TOMLError) -> TOMLTree {
        place += 1
        let table = TOMLTable(.header)
        blanks()
        if byte != UInt8(ascii: "}") {
            while true {
                try pair(in: table)
                blanks()
                guard byte == UInt8(ascii: ",") else { break }
                place += 1
            }
        }
        guard byte == UInt8(ascii: "}") else { throw error("a table in braces is not closed on its line") }
        place += 1
        return table.tree
    }

    /// Reads true, false, a number or a date.
    private mutating func word() throws(TOMLError) -> TOMLTree {
        let start = place
        while let byte, byte > 32, byte < 127, !",]}#=".utf8.contains(byte) { place += 1 }
        let word = String(decoding: bytes[start..<place], as: UTF8.self)
        switch word {
        case "true": return .bool(true)
        case "false": return .bool(false)
        default:
            let isNumber = word.utf8.first.map { (48...57).contains($0) || $0 == 43 || $0 == 45 } ?? false
            guard isNumber || word == "inf" || word == "nan" else {
                throw error(
                    word.isEmpty ? "a value is missing" : "\"\(word.excerpt)\" is no value (texts are in quotes)")
            }
            return .other(word)
        }
    }

    // MARK: - Texts

    /// Reads a text of one of the four kinds.
    mutating func string() throws(TOMLError) -> String {
        let quote = bytes[place]
        let isLong = isNext("\"\"\"") || isNext("'''")
        place += isLong ? 3 : 1
        // A line's end right behind the quotes is not a part of the text.
        if isLong { _ = newline() }
        var text: [UInt8] = []
        while true {
            guard let byte else { throw error("a text is not closed") }
            if byte == quote {
                if !isLong {
                    place += 1
                    break
                }
                if closesLong(quote, &text) { break }
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                try escape(&text, isLong: isLong)
            } else if byte == 10 || isNext("\r\n") {
                guard isLong else { throw error("a text is not closed on its line") }
                _ = newline()
                text.append(10)
            } else {
                guard byte >= 32 || byte == 9, byte != 127 else {
                    throw error("there is a control character in a text")
                }
                text.append(byte)
                place += 1
            }
        }
        guard let valid = String(validating: text, as: UTF8.self) else { throw error("a text is no UTF-8") }
        return valid
    }

    /// Takes the quotes that are here: fewer than three are a part of the text, and so are up to two before the last three.
    private mutating func closesLong(_ quote: UInt8, _ text: inout [UInt8]) -> Bool {
        var count = 0
        while byte == quote, count < 5 {
            count += 1
            place += 1
        }
        let isEnd = count >= 3
        text += [UInt8](repeating: quote, count: isEnd ? count - 3 : count)
        return isEnd
    }

    private mutating func escape(_ text: inout [UInt8], isLong: Bool) throws(TOMLError) {
        place += 1
        guard let byte else { throw error("a text is not closed") }
        place += 1
        switch byte {
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(byte)
        case UInt8(ascii: "u"): try scalar(4, &text)
        case UInt8(ascii: "U"): try scalar(8, &text)
        case 32, 9, 10, 13:
            guard isLong else { throw error("a text is not closed on its line") }
            place -= 1
            // The line goes on where the next letter is.
            blanks()
            guard newline() else { throw error("\"\\\" escapes a blank") }
            repeat { blanks() } while newline()
        default: throw error("\"\\\(Character(Unicode.Scalar(byte)))\" is no escape (backslashes are doubled)")
        }
    }

    private mutating func scalar(_ digits: Int, _ text: inout [UInt8]) throws(TOMLError) {
        guard bytes.count - place >= digits,
            let value = UInt32(String(decoding: bytes[place..<place + digits], as: UTF8.self), radix: 16),
            bytes[place] != 43, bytes[place] != 45, let scalar = Unicode.Scalar(value)
        else { throw error("an escape is no letter of Unicode") }
        place += digits
        text += Array(String(Character(scalar)).utf8)
    }
}
