import Bytes

/// Builds the nodes of a template from its tokens, by the grammar of Go's text/template/parse.
struct Parser {
    private let name: String
    private let source: [UInt8]
    private let tokens: [Token]
    private var next = 0
    private var variables = ["$"]
    private var loopDepth = 0
    /// The templates that `define` and `block` made, and the main one under its own name.
    private var definitions: [ByteKey: [Node]] = [:]

    static func parse(_ text: String, name: String) throws(TemplateError) -> [ByteKey: [Node]] {
        var parser = Parser(name: name, source: Array(text.utf8), tokens: try Lexer.tokens(of: text, name: name))
        let main = try parser.main()
        parser.definitions[name] = main
        return parser.definitions
    }

    private init(name: String, source: [UInt8], tokens: [Token]) {
        self.name = name
        self.source = source
        self.tokens = tokens
    }

    // MARK: Tokens

    private var current: Token { tokens[min(next, tokens.count - 1)] }

    private mutating func take() -> Token {
        defer { next += 1 }
        return current
    }

    private mutating func skipSpace() { while current.kind == .space { next += 1 } }

    private mutating func takeNonSpace() -> Token {
        skipSpace()
        return take()
    }

    private func failure(_ message: String) -> TemplateError {
        // The line of the token that was read last, which is where Go's parser stands.
        let place = tokens[max(0, min(next - 1, tokens.count - 1))].position
        let line = source[..<min(place, source.count)].count { $0 == 10 } + 1
        return TemplateError("template: \(name):\(line): \(message)")
    }

    private mutating func unexpected(_ token: Token, _ context: String) -> TemplateError {
        failure("unexpected \(token.shown) in \(context)")
    }

    private mutating func expect(_ kind: Token.Kind, _ context: String) throws(TemplateError) -> Token {
        let token = takeNonSpace()
        guard token.kind == kind else { throw unexpected(token, context) }
        return token
    }

    // MARK: Lists

    private enum End { case end, otherwise, file }

    private mutating func main() throws(TemplateError) -> [Node] {
        let (nodes, end) = try list()
        switch end {
        case .file: return nodes
        case .end: throw failure("unexpected {{end}}")
        case .otherwise: throw failure("unexpected {{else}}")
        }
    }

    /// Nodes up to `{{end}}`, `{{else` (whose rest is still to be read) or the text's end.
    private mutating func list() throws(TemplateError) -> ([Node], End) {
        var nodes: [Node] = []
        while true {
            let token = take()
            switch token.kind {
            case .end: return (nodes, .file)
            case .text: nodes.append(.text(token.text))
            case .leftDelimiter:
                skipSpace()
                guard current.kind == .keyword else {
                    let pipeline = try pipeline("command", until: .rightDelimiter)
                    nodes.append(.action(pipeline))
                    continue
                }
                let keyword = take()
                switch keyword.text {
                case "end":
                    _ = try expect(.rightDelimiter, "end")
                    return (nodes, .end)
                case "else": return (nodes, .otherwise)
                case "define":
                    try define()
                default: nodes.append(try control(keyword))
                }
            default: throw unexpected(token, "input")
            }
        }
    }

    private mutating func closedList(_ context: String) throws(TemplateError) -> [Node] {
        let (nodes, end) = try list()
        switch end {
        case .end: return nodes
        case .file: throw failure("unexpected EOF")
        case .otherwise: throw failure("unexpected {{else}} in \(context)")
        }
    }

    private mutating func control(_ keyword: Token) throws(TemplateError) -> Node {
        switch keyword.text {
        case "if": return .condition(try branch("if"))
        case "with": return .with(try branch("with"))
        case "range": return .range(try branch("range"))
        case "break", "continue":
            let after = takeNonSpace()
            guard after.kind == .rightDelimiter else { throw unexpected(after, "{{\(keyword.text)}}") }
            guard loopDepth > 0 else { throw failure("{{\(keyword.text)}} outside {{range}}") }
            return keyword.text == "break" ? .leave : .next
        case "template":
            skipSpace()
            let position = current.position
            let name = try templateName("template clause")
            skipSpace()
            if current.kind == .rightDelimiter {
                next += 1
                return .call(name: name, pipeline: nil, position: position)
            }
            return .call(
                name: name, pipeline: try pipeline("template clause", until: .rightDelimiter), position: position)
        case "block":
            skipSpace()
            let position = current.position
            let name = try templateName("block clause")
            let pipeline = try pipeline("block clause", until: .rightDelimiter)
            try definition(name, "block clause")
            return .call(name: name, pipeline: pipeline, position: position)
        default: throw unexpected(keyword, "command")
        }
    }

    private mutating func define() throws(TemplateError) {
        let name = try templateName("define clause")
        _ = try expect(.rightDelimiter, "define clause")
        try definition(name, "define clause")
    }

    private mutating func templateName(_ context: String) throws(TemplateError) -> String {
        let token = takeNonSpace()
        guard token.kind == .string || token.kind == .rawString else { throw unexpected(token, context) }
        return try unquoted(token)
    }

    private mutating func definition(_ name: String, _ context: String) throws(TemplateError) {
        let (outer, depth) = (variables, loopDepth)
        variables = ["$"]
        loopDepth = 0
        definitions[name] = try closedList(context)
        variables = outer
        loopDepth = depth
    }

    private mutating func branch(_ context: String) throws(TemplateError) -> Branch {
        let mark = variables.count
        defer { variables.removeSubrange(mark...) }
        let pipeline = try pipeline(context, until: .rightDelimiter)
        if context == "range" { loopDepth += 1 }
        let (body, end) = try list()
        if context == "range" { loopDepth -= 1 }
        switch end {
        case .file: throw failure("unexpected EOF")
        case .end: return Branch(pipeline: pipeline, body: body, otherwise: [])
        case .otherwise: return Branch(pipeline: pipeline, body: body, otherwise: try otherwise(context))
        }
    }

    /// What follows `{{else`: nothing, or an `if` or `with` that the same `{{end}}` closes.
    private mutating func otherwise(_ context: String) throws(TemplateError) -> [Node] {
        skipSpace()
        if current.kind == .keyword, current.text == context, context == "if" || context == "with" {
            next += 1
            let branch = try branch(context)
            return [context == "if" ? .condition(branch) : .with(branch)]
        }
        _ = try expect(.rightDelimiter, "else")
        return try closedList(context)
    }

    // MARK: Pipelines

    private mutating func pipeline(_ context: String, until end: Token.Kind) throws(TemplateError) -> Pipeline {
        skipSpace()
        let position = current.position
        let (names, isAssignment) = try declaration(context)
        var commands: [Command] = []
        while true {
            let token = takeNonSpace()
            switch token.kind {
            case end:
                guard !commands.isEmpty else { throw failure("missing value for \(context)") }
                for (index, command) in commands.enumerated().dropFirst() {
                    switch command.operands[0].kind {
                    case .bool, .dot, .null, .int, .double, .string:
                        throw failure("non executable command in pipeline stage \(index + 1)")
                    default: continue
                    }
                }
                return Pipeline(position: position, variables: names, isAssignment: isAssignment, commands: commands)
            case .bool, .character, .dot, .field, .identifier, .number, .null, .rawString, .string, .variable,
                .leftParenthesis:
                next -= 1
                commands.append(try command())
            default: throw unexpected(token, context)
            }
        }
    }

    /// `$x :=`, `$x =` or, in `range`, `$i, $x :=`.
    private mutating func declaration(_ context: String) throws(TemplateError) -> ([String], Bool) {
        guard current.kind == .variable else { return ([], false) }
        let start = next
        var names = [take().text]
        skipSpace()
        if context == "range", current.kind == .comma {
            next += 1
            skipSpace()
            guard current.kind == .variable else {
                let token = take()
                throw unexpected(token, "range")
            }
            names.append(take().text)
            skipSpace()
        } else if current.kind == .comma {
            throw failure("too many declarations in \(context)")
        }
        switch current.kind {
        case .declare:
            next += 1
            variables += names
            return (names, false)
        case .assign:
            next += 1
            for name in names where !variables.contains(name) { throw failure("undefined variable \(quoted(name))") }
            return (names, true)
        default:
            next = start
            return ([], false)
        }
    }

    private mutating func command() throws(TemplateError) -> Command {
        skipSpace()
        let position = current.position
        var operands: [Operand] = []
        while true {
            skipSpace()
            if let operand = try operand() { operands.append(operand) }
            let token = take()
            switch token.kind {
            case .space: continue
            case .rightDelimiter, .rightParenthesis: next -= 1
            case .pipe:
                skipSpace()
                if current.kind == .rightDelimiter { throw failure("missing value for command") }
            default: throw unexpected(token, "operand")
            }
            break
        }
        guard !operands.isEmpty else { throw failure("empty command") }
        return Command(position: position, operands: operands)
    }

    /// A term with the fields that follow it without a blank.
    private mutating func operand() throws(TemplateError) -> Operand? {
        guard let term = try term() else { return nil }
        guard current.kind == .field else { return term }
        let position = current.position
        var names: [String] = []
        while current.kind == .field { names.append(String(take().text.dropFirst())) }
        switch term.kind {
        case .field(let first): return Operand(.field(first + names), position)
        case .variable(let first): return Operand(.variable(first + names), position)
        case .bool, .string, .int, .double, .null, .dot:
            throw failure("unexpected . after term \(quoted(term.source))")
        default: return Operand(.chain(term, names), position)
        }
    }

    private mutating func term() throws(TemplateError) -> Operand? {
        let token = take()
        switch token.kind {
        case .identifier:
            guard Functions.names.contains(token.text) else {
                throw failure("function \(quoted(token.text)) not defined")
            }
            return Operand(.function(token.text), token.position)
        case .dot: return Operand(.dot, token.position)
        case .null: return Operand(.null, token.position)
        case .variable:
            guard variables.contains(token.text) else { throw failure("undefined variable \(quoted(token.text))") }
            return Operand(.variable([token.text]), token.position)
        case .field: return Operand(.field([String(token.text.dropFirst())]), token.position)
        case .bool: return Operand(.bool(token.text == "true"), token.position)
        case .number:
            switch Number(token.text) {
            case .int(let value): return Operand(.int(value), token.position, literal: token.text)
            case .double(let value): return Operand(.double(value), token.position, literal: token.text)
            case nil: throw failure("bad number syntax: \(quoted(token.text))")
            }
        case .character:
            let scalars = try unquoted(token).unicodeScalars
            guard scalars.count == 1, let scalar = scalars.first else {
                throw failure("malformed character constant: \(token.text)")
            }
            return Operand(.int(Int64(scalar.value)), token.position, literal: token.text)
        case .string, .rawString:
            return Operand(.string(try unquoted(token)), token.position, literal: token.text)
        case .leftParenthesis:
            return Operand(.pipeline(try pipeline("parenthesized pipeline", until: .rightParenthesis)), token.position)
        default:
            next -= 1
            return nil
        }
    }

    private func unquoted(_ token: Token) throws(TemplateError) -> String {
        let body = token.text.dropFirst().dropLast()
        if token.kind == .rawString { return body.filter { $0 != "\r" } }
        guard let text = unescaped(body) else { throw failure("invalid syntax") }
        return text
    }
}

/// The text behind Go's escapes in a quoted literal; nil for an escape that Go does not know.
private func unescaped(_ body: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(body.utf8)[...]
    func digits(_ count: Int, radix: Int) -> UInt32? {
        // By itself the initializer takes a sign.
        guard rest.count >= count, rest.first != UInt8(ascii: "+"), rest.first != UInt8(ascii: "-") else { return nil }
        defer { rest = rest.dropFirst(count) }
        return UInt32(String(decoding: rest.prefix(count), as: UTF8.self), radix: radix)
    }
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "\\") else {
            bytes.append(byte)
            continue
        }
        guard let escape = rest.popFirst() else { return nil }
        switch escape {
        case UInt8(ascii: "a"): bytes.append(7)
        case UInt8(ascii: "b"): bytes.append(8)
        case UInt8(ascii: "f"): bytes.append(12)
        case UInt8(ascii: "n"): bytes.append(10)
        case UInt8(ascii: "r"): bytes.append(13)
        case UInt8(ascii: "t"): bytes.append(9)
        case UInt8(ascii: "v"): bytes.append(11)
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): bytes.append(escape)
        case UInt8(ascii: "x"):
            guard let value = digits(2, radix: 16) else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: value))
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            guard let value = digits(escape == UInt8(ascii: "u") ? 4 : 8, radix: 16),
                let scalar = Unicode.Scalar(value)
            else { return nil }
            bytes.append(contentsOf: String(scalar).utf8)
        case 48...55:
            rest = [escape] + rest
            guard let value = digits(3, radix: 8), value < 256 else { return nil }
            bytes.append(UInt8(value))
        default: return nil
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
