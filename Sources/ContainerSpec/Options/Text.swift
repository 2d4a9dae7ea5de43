/// The parts of `text` before and behind the first `separator`; nil where there is none.
func splitOnce(_ text: some StringProtocol, _ separator: Character) -> (String, String)? {
    guard let index = text.firstIndex(of: separator) else { return nil }
    return (String(text[..<index]), String(text[text.index(after: index)...]))
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
    let absolute = path.hasPrefix("/")
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
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
        if rest.first == "\"" {
            rest.removeFirst()
            while true {
                guard let quote = rest.firstIndex(of: "\"") else { return nil }
                field += rest[..<quote]
                rest = rest[rest.index(after: quote)...]
                guard rest.first == "\"" else { break }
                field.append("\"")
                rest.removeFirst()
            }
            guard rest.isEmpty || rest.first == "," else { return nil }
        } else {
            let end = rest.firstIndex(of: ",") ?? rest.endIndex
            guard !rest[..<end].contains("\"") else { return nil }
            field = String(rest[..<end])
            rest = rest[end...]
        }
        fields.append(field)
        guard rest.first == "," else { return fields }
        rest.removeFirst()
    }
}
