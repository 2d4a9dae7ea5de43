extension JSONTree {
    /// How many levels of objects and lists are read.
    static let depthLimit = 128

    /// Parses a whole document (RFC 8259). Objects that are the value of a field `passingOver`
    /// are not taken apart.
    /// Throws for what is no JSON, or nested more than 128 levels deep.
    package static func parse(_ bytes: [UInt8], passingOver: StaticString? = nil) throws(JSONError) -> JSONTree {
        try parse(bytes, in: 0..<bytes.count, passingOver: passingOver)
    }

    /// As `parse`, of a part of the bytes.
    package static func parse(
        _ bytes: [UInt8], in range: Range<Int>, passingOver: StaticString? = nil
    ) throws(JSONError) -> JSONTree {
        var failure: JSONError?
        let tree: JSONTree? = bytes.withUnsafeBufferPointer { buffer in
            var parser = JSONParser(
                text: buffer, position: range.lowerBound, end: range.upperBound, skipped: passingOver)
            do throws(JSONError) {
                return try parser.document()
            } catch {
                failure = error
                return nil
            }
        }
        if let failure { throw failure }
        return tree!
    }
}

/// One pass over the bytes, without a copy of anything but names and values.
private struct JSONParser {
    let text: UnsafeBufferPointer<UInt8>
    var position: Int
    let end: Int
    let skipped: StaticString?
    var depth = 0

    mutating func document() throws(JSONError) -> JSONTree {
        // A byte order mark is not JSON, and some editors leave one.
        if end - position >= 3, text[position] == 0xef, text[position + 1] == 0xbb, text[position + 2] == 0xbf {
            position += 3
        }
        let tree = try value()
        space()
        if position < end { throw error("something follows the document") }
        return tree
    }

    private func error(_ why: String) -> JSONError {
        var line = 1
        for byte in text[..<min(position, end)] where byte == 10 { line += 1 }
        return JSONError("no valid JSON at line \(line): \(why)")
    }

    private mutating func space() {
        while position < end,
            text[position] == 32 || text[position] == 10 || text[position] == 9 || text[position] == 13
        {
            position += 1
        }
    }

    private mutating func next() throws(JSONError) -> UInt8 {
        space()
        guard position < end else { throw error("it ends too early") }
        return text[position]
    }

    private mutating func take(_ byte: UInt8) throws(JSONError) {
        guard try next() == byte else { throw error("\"\(Character(Unicode.Scalar(byte)))\" is missing") }
        position += 1
    }

    private mutating func word(_ word: StaticString, _ value: JSONTree) throws(JSONError) -> JSONTree {
        let count = word.utf8CodeUnitCount
        guard position + count <= end,
            text[position..<position + count].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: count))
        else { throw error("there is an unknown word") }
        position += count
        return value
    }

    private mutating func value() throws(JSONError) -> JSONTree {
        switch try next() {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func deeper() throws(JSONError) {
        depth += 1
        if depth > JSONTree.depthLimit { throw error("it is nested too deeply") }
    }

    private mutating func object() throws(JSONError) -> JSONTree {
        try deeper()
        defer { depth -= 1 }
        position += 1
        var members: [JSONTree.Member] = []
        if try next() == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            guard try next() == UInt8(ascii: "\"") else { throw error("a member has no name") }
            let name = try string()
            try take(UInt8(ascii: ":"))
            if let skipped, isSkipped(name, skipped), try next() == UInt8(ascii: "{") {
                let start = position
                try skip()
                members.append(.init(name, .raw(start..<position)))
            } else {
                members.append(.init(name, try value()))
            }
            let separator = try next()
            position += 1
            if separator == UInt8(ascii: "}") { return .object(members) }
            guard separator == UInt8(ascii: ",") else { throw error("a \",\" is missing") }
        }
    }

    private func isSkipped(_ name: String, _ skipped: StaticString) -> Bool {
        JSONTree.isSame(name, skipped.description)
    }

    // To the end of an object, by its brackets alone: who needs it parses it.
    private mutating func skip() throws(JSONError) {
        var open = 0
        while position < end {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["): open += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                open -= 1
                if open == 0 { return }
            case UInt8(ascii: "\""):
                while position < end, text[position] != UInt8(ascii: "\"") {
                    position += text[position] == UInt8(ascii: "\\") ? 2 : 1
                }
                position += 1
            default: break
            }
        }
        throw error("it ends too early")
    }

    private mutating func array() throws(JSONError) -> JSONTree {
        try deeper()
        defer { depth -= 1 }
        position += 1
        var elements: [JSONTree] = []
        if try next() == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            let separator = try next()
            position += 1
            if separator == UInt8(ascii: "]") { return .array(elements) }
            guard separator == UInt8(ascii: ",") else { throw error("a \",\" is missing") }
        }
    }

    private mutating func number() throws(JSONError) -> JSONTree {
        let start = position
        func digits(_ position: inout Int) -> Int {
            let first = position
            while position < end, text[position] >= 48, text[position] <= 57 { position += 1 }
            return position - first
        }
        if text[position] == UInt8(ascii: "-") { position += 1 }
        let whole = position
        let count = digits(&position)
        guard count > 0, count == 1 || text[whole] != 48 else { throw error("there is no value") }
        if position < end, text[position] == UInt8(ascii: ".") {
            position += 1
            guard digits(&position) > 0 else { throw error("a number has no digits after its point") }
        }
        if position < end, text[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < end, text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-") {
                position += 1
            }
            guard digits(&position) > 0 else { throw error("a number has no digits in its exponent") }
        }
        return .number(String(decoding: text[start..<position], as: UTF8.self))
    }

    // MARK: strings

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        while position < end {
            switch text[position] {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                return String(decoding: text[start..<position], as: UTF8.self)
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<32: throw error("a text has a control character")
            default: position += 1
            }
        }
        throw error("a text has no end")
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var bytes = Array(text[start..<position])
        while position < end {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                do throws(JSONEscape.Fault) {
                    try JSONEscape.decode(text, &position, end: end, into: &bytes)
                } catch {
                    throw self.error(error.cause)
                }
            case 0..<32: throw error("a text has a control character")
            default: bytes.append(byte)
            }
        }
        throw error("a text has no end")
    }
}
