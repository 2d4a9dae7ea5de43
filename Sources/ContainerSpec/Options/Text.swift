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
func commaSeparated(_ line: String) -> [String]? { try? CommaSeparated.fields(line) }
