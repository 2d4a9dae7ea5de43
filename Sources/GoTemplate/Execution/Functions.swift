import Bytes

/// A function that templates can call.
struct Function: Sendable {
    enum Parameter: Sendable { case any, string, int, texts }

    /// What is wrong inside a function, without its name.
    struct Failure: Error { let message: String }

    let parameters: [Parameter]
    /// What further arguments must be; nil where there may be none.
    let rest: Parameter?
    let call: @Sendable ([TemplateValue]) throws(Failure) -> TemplateValue

    init(
        _ parameters: [Parameter], rest: Parameter? = nil,
        _ call: @escaping @Sendable ([TemplateValue]) throws(Failure) -> TemplateValue
    ) {
        self.parameters = parameters
        self.rest = rest
        self.call = call
    }
}

/// Go's built-in functions and those that Docker adds.
enum Functions {
    /// All names; `and` and `or` are the executor's, since they need not evaluate all arguments.
    static let names: Set<String> = Set(table.keys).union(["and", "or"])

    static let table: [String: Function] = builtin.merging(docker) { $1 }

    private static let builtin: [String: Function] = [
        // No value of ours is a function: the executor reports any call.
        "call": Function([.any], rest: .any) { arguments in arguments[0] },
        "eq": Function([.any], rest: .any) { arguments throws(Function.Failure) in
            guard arguments.count > 1 else { throw Function.Failure(message: "missing argument for comparison") }
            for other in arguments.dropFirst() where try Comparison.equal(arguments[0], other) { return .bool(true) }
            return .bool(false)
        },
        "ne": Function([.any, .any]) { a throws(Function.Failure) in .bool(try !Comparison.equal(a[0], a[1])) },
        "lt": Function([.any, .any]) { a throws(Function.Failure) in .bool(try Comparison.less(a[0], a[1])) },
        "le": Function([.any, .any]) { a throws(Function.Failure) in .bool(try Comparison.lessOrEqual(a[0], a[1])) },
        "gt": Function([.any, .any]) { a throws(Function.Failure) in .bool(try !Comparison.lessOrEqual(a[0], a[1])) },
        "ge": Function([.any, .any]) { a throws(Function.Failure) in .bool(try !Comparison.less(a[0], a[1])) },
        "not": Function([.any]) { arguments in .bool(!arguments[0].isTrue) },
        "html": Function([], rest: .any) { arguments in .string(Escaping.html(Printing.print(arguments))) },
        "js": Function([], rest: .any) { arguments in .string(Escaping.js(Printing.print(arguments))) },
        "urlquery": Function([], rest: .any) { arguments in .string(Escaping.urlQuery(Printing.print(arguments))) },
        "index": Function([.any], rest: .any) { arguments throws(Function.Failure) in
            var item = arguments[0]
            for key in arguments.dropFirst() { item = try Access.index(item, key) }
            return item
        },
        "len": Function([.any]) { arguments throws(Function.Failure) in
            switch arguments[0] {
            case .string(let text): return .int(Int64(text.utf8.count))
            case .list(let values): return .int(Int64(values.count))
            case .map(let map): return .int(Int64(map.sorted.count))
            case .null, .absent: throw Function.Failure(message: "len of nil pointer")
            case let other: throw Function.Failure(message: "len of type \(other.typeName)")
            }
        },
        "print": Function([], rest: .any) { arguments in .string(Printing.print(arguments)) },
        "println": Function([], rest: .any) { arguments in .string(Printing.println(arguments)) },
        "printf": Function([.string], rest: .any) { arguments in
            .string(Printing.format(arguments[0].text, Array(arguments.dropFirst())))
        },
        "slice": Function([.any], rest: .any) { arguments throws(Function.Failure) in try Access.slice(arguments) },
    ]

    private static let docker: [String: Function] = [
        "json": Function([.any]) { arguments in .string(arguments[0].json) },
        "split": Function([.string, .string]) { arguments in
            .list(Texts.split(arguments[0].text, arguments[1].text).map { .string($0) })
        },
        "join": Function([.texts, .string]) { arguments in
            guard case .list(let values) = arguments[0] else { return .string("") }
            return .string(values.map(\.text).joined(separator: arguments[1].text))
        },
        "title": Function([.string]) { arguments in .string(Texts.title(arguments[0].text)) },
        "lower": Function([.string]) { arguments in .string(arguments[0].text.lowercased()) },
        "upper": Function([.string]) { arguments in .string(arguments[0].text.uppercased()) },
        "pad": Function([.string, .int, .int]) { arguments in
            guard case .int(let before) = arguments[1], case .int(let after) = arguments[2] else { return arguments[0] }
            let text = arguments[0].text
            if text.isEmpty { return .string("") }
            func blanks(_ count: Int64) -> String { String(repeating: " ", count: Int(max(0, min(count, 1 << 20)))) }
            return .string(blanks(before) + text + blanks(after))
        },
        "truncate": Function([.string, .int]) { arguments in
            guard case .int(let limit) = arguments[1] else { return arguments[0] }
            return .string(
                String(String.UnicodeScalarView(arguments[0].text.unicodeScalars.prefix(Int(max(0, limit))))))
        },
    ]

    /// What Docker's functions do in a table's header line: nothing to the column's title.
    static let header: [String: Function] = table.merging([
        "json": first, "split": first, "join": first, "title": first, "lower": first, "upper": first,
        "truncate": first,
    ]) { $1 }

    private static let first = Function([.any], rest: .any) { arguments in arguments[0] }
}

private enum Texts {
    static func split(_ text: String, _ separator: String) -> [String] {
        if separator.isEmpty { return text.map { String($0) } }
        var parts: [String] = []
        var part: [UInt8] = []
        let (bytes, mark) = (Array(text.utf8), Array(separator.utf8))
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: mark) {
                parts.append(String(decoding: part, as: UTF8.self))
                part = []
                index += mark.count
            } else {
                part.append(bytes[index])
                index += 1
            }
        }
        return parts + [String(decoding: part, as: UTF8.self)]
    }

    /// The first letter of each word in upper case; words end at anything but letters, digits, `_` and `'`.
    static func title(_ text: String) -> String {
        var isInWord = false
        return text.map { character in
            defer { isInWord = character.isLetter || character.isNumber || character == "_" || character == "'" }
            return isInWord ? String(character) : character.uppercased()
        }.joined()
    }
}

/// Go's comparisons, which compare only values of one kind.
private enum Comparison {
    static func equal(_ left: TemplateValue, _ right: TemplateValue) throws(Function.Failure) -> Bool {
        switch (left, right) {
        case (.bool(let a), .bool(let b)): return a == b
        case (.int(let a), .int(let b)): return a == b
        case (.double(let a), .double(let b)): return a == b
        case (.string(let a), .string(let b)): return a.utf8.elementsEqual(b.utf8)
        case (.null, .null), (.absent, .absent), (.null, .absent), (.absent, .null): return true
        case (.null, _), (_, .null), (.absent, _), (_, .absent): return false
        case (.list, _), (.map, _), (_, .list), (_, .map):
            throw Function.Failure(message: "non-comparable type \(left.typeName): \(left.text)")
        default: throw Function.Failure(message: "incompatible types for comparison")
        }
    }

    static func less(_ left: TemplateValue, _ right: TemplateValue) throws(Function.Failure) -> Bool {
        switch (left, right) {
        case (.int(let a), .int(let b)): return a < b
        case (.double(let a), .double(let b)): return a < b
        case (.string(let a), .string(let b)): return a.utf8.lexicographicallyPrecedes(b.utf8)
        case (.int, .double), (.double, .int), (.int, .string), (.string, .int), (.double, .string),
            (.string, .double):
            throw Function.Failure(message: "incompatible types for comparison")
        default: throw Function.Failure(message: "invalid type for comparison")
        }
    }
}

extension Comparison {
    fileprivate static func lessOrEqual(_ a: TemplateValue, _ b: TemplateValue) throws(Function.Failure) -> Bool {
        if try less(a, b) { return true }
        return try equal(a, b)
    }
}

private enum Access {
    static func index(_ item: TemplateValue, _ key: TemplateValue) throws(Function.Failure) -> TemplateValue {
        switch item {
        case .list(let values): return values[try position(key, below: values.count)]
        case .string(let text):
            let bytes = Array(text.utf8)
            return .int(Int64(bytes[try position(key, below: bytes.count)]))
        case .map(let map):
            guard case .string(let name) = key else {
                throw Function.Failure(message: "value has type \(key.typeName); should be string")
            }
            return map[name] ?? map.missing
        case .null, .absent: throw Function.Failure(message: "index of untyped nil")
        case let other: throw Function.Failure(message: "can't index item of type \(other.typeName)")
        }
    }

    private static func position(_ key: TemplateValue, below limit: Int) throws(Function.Failure) -> Int {
        guard case .int(let position) = key else {
            if case .null = key { throw Function.Failure(message: "cannot index slice/array with nil") }
            throw Function.Failure(message: "cannot index slice/array with type \(key.typeName)")
        }
        guard position >= 0, position < limit else {
            throw Function.Failure(message: "index out of range: \(position)")
        }
        return Int(position)
    }

    static func slice(_ arguments: [TemplateValue]) throws(Function.Failure) -> TemplateValue {
        guard arguments.count <= 4 else {
            throw Function.Failure(message: "too many slice indexes: \(arguments.count - 1)")
        }
        func bounds(_ count: Int) throws(Function.Failure) -> Range<Int> {
            var limits = [0, count]
            for (index, argument) in arguments.dropFirst().prefix(2).enumerated() {
                limits[index] = try position(argument, below: count + 1)
            }
            guard limits[0] <= limits[1] else {
                throw Function.Failure(message: "invalid slice index: \(limits[0]) > \(limits[1])")
            }
            return limits[0]..<limits[1]
        }
        switch arguments[0] {
        case .string(let text):
            guard arguments.count < 4 else { throw Function.Failure(message: "cannot 3-index slice a string") }
            let bytes = Array(text.utf8)
            return .string(String(decoding: bytes[try bounds(bytes.count)], as: UTF8.self))
        case .list(let values): return .list(Array(values[try bounds(values.count)]))
        case .null, .absent: throw Function.Failure(message: "slice of untyped nil")
        case let other: throw Function.Failure(message: "can't slice item of type \(other.typeName)")
        }
    }
}

private enum Escaping {
    static func html(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&#34;"
            case "'": "&#39;"
            case "\0": "\u{FFFD}"
            default: String(scalar)
            }
        }.joined()
    }

    static func js(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "\\": return "\\\\"
            case "'": return "\\'"
            case "\"": return "\\\""
            case "<", ">", "&", "=", "\0"..<" ":
                let digits = String(scalar.value, radix: 16, uppercase: true)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: return String(scalar)
            }
        }.joined()
    }

    static func urlQuery(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
                return String(Unicode.Scalar(byte))
            case 32: return "+"
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                return "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }.joined()
    }
}
