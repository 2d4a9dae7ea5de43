import Bytes

/// What the comments at the very beginning of a Dockerfile say to its reader (Dockerfile reference, "Parser directives"): which
/// they are, in any letter case, each once and none behind any other line.
package struct ParserDirectives: Equatable, Sendable {
    /// The frontend that the file asks for ("docker/dockerfile:1"), which is not fetched: this is one itself.
    package private(set) var syntax: String?
    /// What escapes a letter and continues a line: "\" or "`".
    package private(set) var escape = UInt8(ascii: "\\")
    /// Which rules are skipped, which are tried out, and whether a warning is an error.
    package private(set) var check = CheckDirective()
    /// Where each is.
    private(set) var lines: [(name: String, line: Int)] = []

    package static func == (left: ParserDirectives, right: ParserDirectives) -> Bool {
        left.syntax == right.syntax && left.escape == right.escape && left.check == right.check
    }

    /// What of the directives `line` says, without white space in front; false where it is none, and so none may follow.
    mutating func take(_ line: ArraySlice<UInt8>, number: Int) throws(DockerfileError) -> Bool {
        guard let (name, value) = Self.parts(line), ["syntax", "escape", "check"].contains(name) else { return false }
        let place = [LineRange(number, number)]
        guard !lines.contains(where: { $0.name.isSame(as: name) }) else {
            throw DockerfileError("only one \(name) parser directive can be used", place)
        }
        lines.append((name, number))
        switch name {
        case "escape":
            guard let byte = value.utf8.first, value.utf8.count == 1, "\\`".utf8.contains(byte) else {
                throw DockerfileError("invalid escape token '\(value.excerpt)' does not match ` or \\", place)
            }
            escape = byte
        case "check": check = try CheckDirective(value, place)
        default: syntax = value
        }
        return true
    }

    // "# name = value": the name has ASCII letters and digits, the value is not empty.
    private static func parts(_ line: ArraySlice<UInt8>) -> (String, String)? {
        guard line.first == UInt8(ascii: "#") else { return nil }
        let rest = skippingBlanks(line.dropFirst())
        guard let sign = rest.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let name = Array(rest[..<sign].reversed().drop { $0 == 32 || ($0 >= 9 && $0 <= 13 && $0 != 11) }.reversed())
        guard let first = name.first, isLetter(first), name.allSatisfy({ isLetter($0) || ($0 >= 48 && $0 <= 57) })
        else { return nil }
        let value = Blanks.trimmed(rest[(sign + 1)...])
        guard !value.isEmpty else { return nil }
        return (String(decoding: name, as: UTF8.self).lowercased(), String(decoding: value, as: UTF8.self))
    }

    private static func skippingBlanks(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        bytes.drop { $0 == 32 || ($0 >= 9 && $0 <= 13 && $0 != 11) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 32) >= 97 && (byte | 32) <= 122 }
}

/// The directive "check=skip=Rule,Other;error=true;experimental=Rule".
package struct CheckDirective: Equatable, Sendable {
    /// The names of rules that are not reported.
    package private(set) var skipped: [String] = []
    /// Whether none is reported ("skip=all").
    package private(set) var skipsAll = false
    /// The names of experimental rules that are reported.
    package private(set) var experimental: [String] = []
    /// Whether all experimental rules are reported.
    package private(set) var hasAllExperimental = false
    /// Whether a warning makes the build fail.
    package private(set) var isError = false

    /// All rules that are not experimental, and no error.
    package init() {}

    /// What `value` says. Throws for a part that is no "key=value", or whose key is unknown.
    init(_ value: String, _ place: [LineRange]) throws(DockerfileError) {
        for part in value.split(on: ";") {
            let key = String(part.until("="))
            guard part.has("="), ["skip", "experimental", "error"].has(key) else {
                throw DockerfileError(
                    "failed to parse check options: invalid check option \(GoValue.quoted(Self.trimmed(key[...])))",
                    place)
            }
            let text = String(part.dropping(key.utf8.count + 1))
            let words = text.split(on: ",").map { Self.trimmed($0) }
            switch key {
            case "skip":
                skipsAll = words.has("all")
                skipped = words
            case "experimental":
                hasAllExperimental = words.has("all")
                experimental = words
            default:
                guard let flag = goBool(text) else {
                    throw DockerfileError(
                        "failed to parse check options: failed to parse check option \(GoValue.quoted(String(part))): "
                            + "strconv.ParseBool: parsing \(GoValue.quoted(text)): invalid syntax", place)
                }
                isError = flag
            }
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        String(decoding: Blanks.trimmed(Array(text.utf8)[...]), as: UTF8.self)
    }
}
