import Bytes

/// The parts of `text` before and behind the first `separator`; nil where there is none.
func splitOnce(_ text: some StringProtocol, _ separator: Unicode.Scalar) -> (String, String)? {
    let text = Substring(text)
    guard let place = text.place(of: separator) else { return nil }
    return (String(text[..<place]), String(text.behind(place)))
}

/// `lines`, each with a line feed. Not `joined`, which is unspecialised code of the standard library and on the way of
/// every start.
func textFile(_ lines: [String]) -> String {
    var text = ""
    for line in lines {
        text += line
        text += "\n"
    }
    return text
}

/// `true` and `false` in the forms of Go's `strconv.ParseBool`; nil for anything else.
func parseBool(_ text: String) -> Bool? {
    switch text {
    case "1", "t", "T", "true", "TRUE", "True": true
    case "0", "f", "F", "false", "FALSE", "False": false
    default: nil
    }
}

/// The whole number that `text` writes in octal digits; nil for anything else.
func parseOctal(_ text: some StringProtocol) -> UInt32? {
    // By itself the initializer takes a sign.
    text.utf8.allSatisfy { (48...55).contains($0) } ? UInt32(text, radix: 8) : nil
}

/// `path` without empty, `.` and `..` components, by name alone (Go's `path.Clean`); absolute paths stay below `/`.
package func cleanPath(_ path: String) -> String {
    let absolute = path.begins(with: "/")
    var parts: [Substring] = []
    for part in path.split(on: "/") where !part.isSame(as: ".") {
        if part == "..", let last = parts.last, last != ".." {
            parts.removeLast()
        } else if part != ".." || !absolute {
            parts.append(part)
        }
    }
    let joined = parts.joined(separator: "/")
    if absolute { return "/" + joined }
    return joined.isEmpty ? "." : joined
}

/// The fields of one line of comma-separated values, quoted fields included (RFC 4180); nil for an open or
/// misplaced quote.
func commaSeparated(_ line: String) -> [String]? {
    var fields: [String] = []
    var rest = line[...]
    while true {
        var field = ""
        if rest.firstLetter == "\"" {
            rest = rest.dropping(1)
            while true {
                guard let quote = rest.place(of: "\"") else { return nil }
                field += rest[..<quote]
                rest = rest.behind(quote)
                guard rest.firstLetter == "\"" else { break }
                field.append("\"")
                rest = rest.dropping(1)
            }
            guard rest.isEmpty || rest.firstLetter == "," else { return nil }
        } else {
            let end = rest.place(of: ",") ?? rest.endIndex
            guard !rest[..<end].has("\"") else { return nil }
            field = String(rest[..<end])
            rest = rest[end...]
        }
        fields.append(field)
        guard rest.firstLetter == "," else { return fields }
        rest = rest.dropping(1)
    }
}
