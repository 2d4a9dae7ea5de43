import Bytes
import Glibc

/// Go's `fmt.Sprint`, `Sprintln` and `Sprintf` on template values.
enum Printing {
    /// Operands with a blank between two of which neither is a text.
    static func print(_ values: [TemplateValue]) -> String {
        var text = ""
        var previousIsText = true
        for (index, value) in values.enumerated() {
            var isText = false
            if case .string = value { isText = true }
            if index > 0, !isText, !previousIsText { text += " " }
            text += value.text
            previousIsText = isText
        }
        return text
    }

    static func println(_ values: [TemplateValue]) -> String { values.map(\.text).joined(separator: " ") + "\n" }

    /// What stands between `%` and the verb.
    struct Options {
        var isLeft = false
        var hasPlus = false
        var hasSharp = false
        var hasBlank = false
        var hasZero = false
        var width: Int?
        var precision: Int?
    }

    static func format(_ format: String, _ values: [TemplateValue]) -> String {
        var text = ""
        var rest = Substring(format)
        var next = 0
        while let character = rest.popFirst() {
            guard character == "%" else {
                text.append(character)
                continue
            }
            let options = options(&rest, values, &next)
            guard let verb = rest.popFirst() else {
                text += "%!(NOVERB)"
                break
            }
            if verb == "%" {
                text += "%"
            } else if next < values.count {
                text += formatted(values[next], verb, options)
                next += 1
            } else {
                text += "%!\(verb)(MISSING)"
            }
        }
        if next < values.count {
            let extra = values[next...].map { value in
                if case .null = value { return "<nil>" }
                return "\(value.typeName)=\(value.text)"
            }
            text += "%!(EXTRA " + extra.joined(separator: ", ") + ")"
        }
        return text
    }

    private static func options(_ rest: inout Substring, _ values: [TemplateValue], _ next: inout Int) -> Options {
        var options = Options()
        flags: while let character = rest.first {
            switch character {
            case "-": options.isLeft = true
            case "+": options.hasPlus = true
            case "#": options.hasSharp = true
            case " ": options.hasBlank = true
            case "0": options.hasZero = true
            default: break flags
            }
            rest.removeFirst()
        }
        func number() -> Int? {
            if rest.first == "*" {
                rest.removeFirst()
                guard next < values.count, case .int(let value) = values[next] else { return nil }
                next += 1
                return Int(value)
            }
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            return Int(digits)
        }
        options.width = number().map { min(max($0, -100_000), 100_000) }
        if let width = options.width, width < 0 {
            options.isLeft = true
            options.width = -width
        }
        if rest.first == "." {
            rest.removeFirst()
            options.precision = min(max(number() ?? 0, 0), 100_000)
        }
        return options
    }

    private static func formatted(_ value: TemplateValue, _ verb: Character, _ options: Options) -> String {
        switch (verb, value) {
        case ("v", .int), ("v", .double), ("s", .string), ("v", .string), ("v", .bool):
            return scalar(value, verb == "v" ? plainVerb(value) : verb, options)
        case ("v", _): return padded(options.hasSharp ? value.json : value.text, options)
        case ("T", .null): return padded("<nil>", options)
        case ("T", _): return padded(value.typeName, options)
        case (_, .list(let values)):
            return "[" + values.map { formatted($0, verb, options) }.joined(separator: " ") + "]"
        case (_, .map(let map)):
            return "map["
                + map.sorted.map {
                    formatted(.string($0.key), verb, options) + ":" + formatted($0.value, verb, options)
                }.joined(separator: " ") + "]"
        default: return scalar(value, verb, options)
        }
    }

    private static func plainVerb(_ value: TemplateValue) -> Character {
        switch value {
        case .int: "d"
        case .double: "g"
        case .bool: "t"
        default: "s"
        }
    }

    private static func scalar(_ value: TemplateValue, _ verb: Character, _ options: Options) -> String {
        switch (value, verb) {
        case (.string(let text), "s"): return padded(shortened(text, options), options)
        case (.string(let text), "q"): return padded(quoted(shortened(text, options)), options)
        case (.string(let text), "x"), (.string(let text), "X"):
            let digits = text.utf8.map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: verb == "X")
            }
            return padded(digits.joined(), options)
        case (.bool(let value), "t"): return padded(value ? "true" : "false", options)
        case (.int(let number), "d"): return integer(number, radix: 10, "", options)
        case (.int(let number), "b"): return integer(number, radix: 2, "0b", options)
        case (.int(let number), "o"): return integer(number, radix: 8, "0", options)
        case (.int(let number), "x"): return integer(number, radix: 16, "0x", options)
        case (.int(let number), "X"): return integer(number, radix: 16, "0X", options, uppercase: true)
        case (.int(let number), "c"):
            return padded(String(UInt32(exactly: number).flatMap { Unicode.Scalar($0) } ?? "\u{FFFD}"), options)
        case (.int(let number), "q"):
            return padded(
                "'" + String(UInt32(exactly: number).flatMap { Unicode.Scalar($0) } ?? "\u{FFFD}") + "'", options)
        case (.int(let number), "U"):
            let digits = String(number, radix: 16, uppercase: true)
            return padded("U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits, options)
        case (.double(let number), "f"), (.double(let number), "F"), (.double(let number), "e"),
            (.double(let number), "E"), (.double(let number), "g"), (.double(let number), "G"):
            return double(number, verb, options)
        case (.null, _), (.absent, _): return "%!\(verb)(<nil>)"
        default: return "%!\(verb)(\(value.typeName)=\(value.text))"
        }
    }

    private static func shortened(_ text: String, _ options: Options) -> String {
        guard let precision = options.precision else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(precision)))
    }

    private static func integer(
        _ number: Int64, radix: Int, _ prefix: String, _ options: Options, uppercase: Bool = false
    ) -> String {
        var digits = String(number.magnitude, radix: radix, uppercase: uppercase)
        if let precision = options.precision {
            digits = String(repeating: "0", count: max(0, precision - digits.count)) + digits
        }
        return numeric(digits, isNegative: number < 0, prefix: options.hasSharp ? prefix : "", options)
    }

    private static func double(_ number: Double, _ verb: Character, _ options: Options) -> String {
        if (verb == "g" || verb == "G") && options.precision == nil {
            let text = goFloat(number.magnitude, smallest: -4)
            return numeric(
                verb == "G" ? text.uppercased() : text, isNegative: number.sign == .minus, prefix: "", options)
        }
        let precision = options.precision ?? 6
        var buffer = [CChar](repeating: 0, count: 400 + precision)
        withVaList([CInt(precision), number.magnitude]) { arguments in
            _ = vsnprintf(&buffer, buffer.count, "%.*\(verb)", arguments)
        }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return numeric(text, isNegative: number.sign == .minus, prefix: "", options)
    }

    private static func numeric(_ digits: String, isNegative: Bool, prefix: String, _ options: Options) -> String {
        let sign = isNegative ? "-" : options.hasPlus ? "+" : options.hasBlank ? " " : ""
        let head = sign + prefix
        if options.hasZero, !options.isLeft, options.precision == nil || digits.contains("."), let width = options.width
        {
            return head + String(repeating: "0", count: max(0, width - head.count - digits.count)) + digits
        }
        return padded(head + digits, options)
    }

    private static func padded(_ text: String, _ options: Options) -> String {
        guard let width = options.width else { return text }
        let blanks = String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
        return options.isLeft ? text + blanks : blanks + text
    }
}
