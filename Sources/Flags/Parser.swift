import Bytes

extension CommandSyntax {
    /// Takes `arguments` (without the command's own name) apart by pflag's grammar and checks each value.
    /// `path` is the command as error messages name it ("apus run"). Throws `UsageError`; when help was asked
    /// for, neither refusals nor the number of arguments are looked at.
    package func parse(_ arguments: [String], path: String) throws(UsageError) -> ParsedArguments {
        var parser = FlagParser(flags: flags, isInterspersed: isInterspersed, rest: arguments)
        try parser.run()
        if parser.result.isHelpRequested { return parser.result }
        if let refusal = parser.refusal { throw UsageError(refusal) }
        if let complaint = self.arguments.complaint(parser.result.positionals.count, path: path) {
            var saysSee = false
            if case .atLeast = self.arguments { saysSee = true }
            throw UsageError(complaint, exitCode: 1, saysSee: saysSee)
        }
        return parser.result
    }
}

/// pflag's grammar: long flags, bundled shorthands, `--`, and either interspersed positionals or not.
struct FlagParser {
    private let flags: [Flag]
    private let isInterspersed: Bool
    private let rest: [String]
    private var next = 0
    private(set) var result: ParsedArguments
    /// The sentence of the first refused flag that was used.
    private(set) var refusal: String?

    init(flags: [Flag], isInterspersed: Bool, rest: [String]) {
        self.flags = flags
        self.isInterspersed = isInterspersed
        self.rest = rest
        self.result = ParsedArguments(flags: flags)
    }

    mutating func run() throws(UsageError) {
        while next < rest.count {
            let word = rest[next]
            next += 1
            let bytes = word.utf8
            guard bytes.count > 1, bytes.first == UInt8(ascii: "-") else {
                result.positionals.append(word)
                if !isInterspersed { return takeRest() }
                continue
            }
            if bytes[bytes.index(after: bytes.startIndex)] != UInt8(ascii: "-") {
                try shorthands(word)
            } else if bytes.count == 2 {
                result.positionalsBeforeDash = result.positionals.count
                return takeRest()
            } else {
                try long(word)
            }
        }
    }

    private mutating func takeRest() {
        result.positionals.append(contentsOf: rest[next...])
        next = rest.count
    }

    private mutating func long(_ word: String) throws(UsageError) {
        let body = word.dropping(2)
        if body.firstLetter == "-" || body.firstLetter == "=" { throw UsageError("bad flag syntax: \(word)") }
        let equals = body.utf8.firstIndex(of: UInt8(ascii: "="))
        let name = String(body[..<(equals ?? body.endIndex)])
        // Also where the command lists it among its own.
        if name == "help" { return try help(equals.map { String(body.behind($0)) } ?? "true") }
        guard let index = flags.firstIndex(where: { $0.hasName(name) }) else {
            throw UsageError("unknown flag: --\(name)")
        }
        if let equals { return try set(index, String(body.behind(equals))) }
        if let implied = flags[index].impliedValue { return try set(index, implied) }
        guard next < rest.count else { throw UsageError("flag needs an argument: \(word)") }
        next += 1
        try set(index, rest[next - 1])
    }

    private mutating func shorthands(_ word: String) throws(UsageError) {
        var letters = word.unicodeScalars.dropFirst()
        while let letter = letters.first {
            guard let index = flags.firstIndex(where: { $0.shorthand == letter }) else {
                if letter == "h" {
                    result.warnings.append("Flag shorthand -h has been deprecated, use --help")
                    result.isHelpRequested = true
                    letters.removeFirst()
                    continue
                }
                throw UsageError("unknown shorthand flag: '\(letter)' in -\(String(String.UnicodeScalarView(letters)))")
            }
            let after = letters.dropFirst()
            // `-x=` alone is no empty value in pflag: the equals sign itself is the value then.
            if after.count > 1, after.first == "=" {
                return try set(index, String(String.UnicodeScalarView(after.dropFirst())))
            }
            if let implied = flags[index].impliedValue {
                try set(index, implied)
                letters = after
                continue
            }
            if !after.isEmpty { return try set(index, String(String.UnicodeScalarView(after))) }
            guard next < rest.count else {
                throw UsageError("flag needs an argument: '\(letter)' in -\(String(String.UnicodeScalarView(letters)))")
            }
            next += 1
            return try set(index, rest[next - 1])
        }
    }

    private mutating func help(_ value: String) throws(UsageError) {
        do throws(FlagValue.Invalid) {
            result.isHelpRequested = try FlagValue.checkedBool(value)
        } catch {
            throw UsageError("invalid argument \(goQuoted(value)) for \"--help\" flag: \(error.reason)")
        }
    }

    private mutating func set(_ index: Int, _ value: String) throws(UsageError) {
        let flag = flags[index]
        do throws(FlagValue.Invalid) {
            try FlagValue.check(value, flag.kind)
            if let reason = flag.validate?(value) { throw FlagValue.Invalid(reason) }
        } catch {
            throw UsageError(
                "invalid argument \(goQuoted(value)) for \"\(flag.displayName)\" flag: \(error.reason)")
        }
        result.record(index, value)
        if let sentence = flag.deprecated {
            result.warnings.append("Flag --\(flag.name) has been deprecated, \(sentence)")
        }
        // `--privileged=false` asks for nothing, and so there is nothing to refuse.
        if let sentence = flag.refused, refusal == nil, flag.kind != .bool || goBool(value) == true {
            refusal = "--\(flag.name): \(sentence)"
        }
    }
}
