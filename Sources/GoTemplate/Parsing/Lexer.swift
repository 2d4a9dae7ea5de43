/// Splits a template into tokens (the delimiters are `{{` and `}}`, with Go's trim markers and comments).
struct Lexer {
    private let name: String
    private let bytes: [UInt8]
    private var position = 0
    private var tokens: [Token] = []
    private var openParentheses = 0

    private static let keywords: Set<String> = [
        "block", "break", "continue", "define", "else", "end", "if", "range", "template", "with",
    ]

    static func tokens(of text: String, name: String) throws(TemplateError) -> [Token] {
        var lexer = Lexer(name: name, bytes: Array(text.utf8))
        try lexer.run()
        return lexer.tokens
    }

    private init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    private func failure(_ message: String, at place: Int? = nil) -> TemplateError {
        let line = bytes[..<(place ?? position)].count { $0 == 10 } + 1
        return TemplateError("template: \(name):\(line): \(message)")
    }

    private func has(_ text: StaticString, at start: Int) -> Bool {
        guard start >= 0, start + text.utf8CodeUnitCount <= bytes.count else { return false }
        for offset in 0..<text.utf8CodeUnitCount where bytes[start + offset] != text.utf8Start[offset] { return false }
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }
    private static func isWord(_ byte: UInt8) -> Bool {
        byte == 95 || byte >= 0x80 || (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    private func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private mutating func emit(_ kind: Token.Kind, from start: Int) {
        tokens.append(Token(kind: kind, text: string(start..<position), position: start))
    }

    private mutating func run() throws(TemplateError) {
        var trimsLeft = false
        while true {
            var start = position
            while position < bytes.count, !has("{{", at: position) { position += 1 }
            let isAtEnd = position >= bytes.count
            var end = position
            if trimsLeft { while start < end, Self.isBlank(bytes[start]) { start += 1 } }
            let trimsRight = !isAtEnd && trimMarker(at: position + 2)
            if trimsRight { while end > start, Self.isBlank(bytes[end - 1]) { end -= 1 } }
            if end > start { tokens.append(Token(kind: .text, text: string(start..<end), position: start)) }
            if isAtEnd { break }
            let open = position
            position += trimsRight ? 4 : 2
            if has("/*", at: position) {
                trimsLeft = try comment()
            } else {
                tokens.append(Token(kind: .leftDelimiter, text: "{{", position: open))
                openParentheses = 0
                trimsLeft = try action()
            }
        }
        emit(.end, from: position)
    }

    /// `- ` after `{{`.
    private func trimMarker(at start: Int) -> Bool {
        has("-", at: start) && start + 1 < bytes.count && Self.isBlank(bytes[start + 1])
    }

    /// Reads a comment up to its closing delimiter; returns whether blanks after it are trimmed.
    private mutating func comment() throws(TemplateError) -> Bool {
        var end = position + 2
        while end < bytes.count, !has("*/", at: end) { end += 1 }
        guard end < bytes.count else { throw failure("unclosed comment") }
        position = end + 2
        if has("}}", at: position) {
            position += 2
            return false
        }
        if position < bytes.count, Self.isBlank(bytes[position]), has("-}}", at: position + 1) {
            position += 4
            return true
        }
        throw failure("comment ends before closing delimiter")
    }

    /// Reads the tokens of one action; returns whether blanks after it are trimmed.
    private mutating func action() throws(TemplateError) -> Bool {
        while true {
            let start = position
            if has("}}", at: position) {
                guard openParentheses == 0 else { throw failure("unclosed left paren") }
                position += 2
                emit(.rightDelimiter, from: start)
                return false
            }
            guard position < bytes.count else { throw failure("unclosed action") }
            let byte = bytes[position]
            if Self.isBlank(byte) {
                while position < bytes.count, Self.isBlank(bytes[position]) { position += 1 }
                // The last blank before `-}}` belongs to the delimiter.
                if has("-}}", at: position) {
                    guard openParentheses == 0 else { throw failure("unclosed left paren") }
                    let close = position - 1
                    position += 3
                    tokens.append(Token(kind: .rightDelimiter, text: "}}", position: close))
                    return true
                }
                emit(.space, from: start)
                continue
            }
            try token(byte)
        }
    }

    private mutating func token(_ byte: UInt8) throws(TemplateError) {
        let start = position
        func next(_ offset: Int = 1) -> UInt8? { start + offset < bytes.count ? bytes[start + offset] : nil }
        switch byte {
        case UInt8(ascii: "="): one(.assign)
        case UInt8(ascii: ":"):
            guard next() == UInt8(ascii: "=") else { throw failure("expected :=") }
            position += 2
            emit(.declare, from: start)
        case UInt8(ascii: "|"): one(.pipe)
        case UInt8(ascii: ","): one(.comma)
        case UInt8(ascii: "("):
            openParentheses += 1
            one(.leftParenthesis)
        case UInt8(ascii: ")"):
            openParentheses -= 1
            if openParentheses < 0 { throw failure("unexpected right paren") }
            one(.rightParenthesis)
        case UInt8(ascii: "\""): try quoted(.string, "unterminated quoted string")
        case UInt8(ascii: "'"): try quoted(.character, "unterminated character constant")
        case UInt8(ascii: "`"):
            position += 1
            while position < bytes.count, bytes[position] != UInt8(ascii: "`") { position += 1 }
            guard position < bytes.count else { throw failure("unterminated raw quoted string", at: start) }
            position += 1
            emit(.rawString, from: start)
        case UInt8(ascii: "."):
            if let after = next(), (48...57).contains(after) { return try number() }
            position += 1
            word()
            if position == start + 1 { emit(.dot, from: start) } else { try terminated(.field, start) }
        case UInt8(ascii: "$"):
            position += 1
            word()
            try terminated(.variable, start)
        case UInt8(ascii: "+"), UInt8(ascii: "-"), 48...57: try number()
        case _ where Self.isWord(byte):
            word()
            let text = string(start..<position)
            let kind: Token.Kind =
                switch text {
                case "true", "false": .bool
                case "nil": .null
                default: Self.keywords.contains(text) ? .keyword : .identifier
                }
            try terminated(kind, start)
        default:
            throw failure("unrecognized character in action: \(shown(at: position))")
        }
    }

    private mutating func one(_ kind: Token.Kind) {
        position += 1
        emit(kind, from: position - 1)
    }

    private mutating func word() { while position < bytes.count, Self.isWord(bytes[position]) { position += 1 } }

    /// A word must be followed by something that cannot belong to it.
    private mutating func terminated(_ kind: Token.Kind, _ start: Int) throws(TemplateError) {
        if position < bytes.count, !has("}}", at: position) {
            let byte = bytes[position]
            guard Self.isBlank(byte) || ".,|:)(=".utf8.contains(byte) else {
                throw failure("bad character \(shown(at: position))")
            }
        }
        emit(kind, from: start)
    }

    /// `U+0023 '#'`.
    private func shown(at place: Int) -> String {
        let scalar = string(place..<min(place + 4, bytes.count)).unicodeScalars.first ?? "\u{FFFD}"
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + " '\(scalar)'"
    }

    private mutating func quoted(_ kind: Token.Kind, _ complaint: String) throws(TemplateError) {
        let start = position
        position += 1
        while position < bytes.count, bytes[position] != bytes[start] {
            if bytes[position] == 10 { throw failure(complaint) }
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < bytes.count else {
            position = bytes.count
            throw failure(complaint)
        }
        position += 1
        emit(kind, from: start)
    }

    private mutating func number() throws(TemplateError) {
        let start = position
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            guard
                Self.isWord(byte) || byte == UInt8(ascii: ".") || (isSign && "eEpP".utf8.contains(bytes[position - 1]))
            else { break }
            position += 1
        }
        guard Number(string(start..<position)) != nil else {
            throw failure("bad number syntax: \(GoTemplate.quoted(string(start..<position)))")
        }
        emit(.number, from: start)
    }
}

/// A number literal of Go: an integer with an optional base prefix, or a float.
enum Number {
    case int(Int64)
    case double(Double)

    init?(_ text: String) {
        var digits = Substring(text.replacingUnderscores)
        let isNegative = digits.first == "-"
        if isNegative || digits.first == "+" { digits.removeFirst() }
        guard digits.first?.isNumber == true || digits.first == "." else { return nil }
        let lower = digits.lowercased()
        let radix = lower.hasPrefix("0x") ? 16 : lower.hasPrefix("0b") ? 2 : lower.hasPrefix("0o") ? 8 : 10
        if radix == 10, digits.count > 1, digits.first == "0", let value = Int64(digits.dropFirst(), radix: 8) {
            self = .int(isNegative ? -value : value)
        } else if let value = Int64(radix == 10 ? digits : digits.dropFirst(2), radix: radix) {
            self = .int(isNegative ? -value : value)
        } else if let value = Double(digits), value.isFinite {
            self = .double(isNegative ? -value : value)
        } else {
            return nil
        }
    }
}

extension String {
    fileprivate var replacingUnderscores: String { contains("_") ? filter { $0 != "_" } : self }
}

/// `text` in double quotes with Go's escapes (`%q`).
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case _ where scalar.value < 0x20 || scalar.value == 0x7F:
            let digits = String(scalar.value, radix: 16)
            result += "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
