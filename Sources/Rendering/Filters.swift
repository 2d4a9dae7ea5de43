package import Bytes
import Glibc

/// A filter that a command does not have, or whose value it cannot read.
package struct FilterError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }

    /// Of a text that is neither a time nor a duration.
    package static func noTime(_ text: String) -> FilterError {
        FilterError("failed to parse value as time or duration: \"\(text)\"")
    }
}

/// The `--filter key=value` of a command. Values of one key are alternatives, keys must all hold; of `label` each
/// value must hold.
package struct Filters: Sendable {
    private let values: [(key: String, value: String)]

    /// `pairs` as the command line has them. Throws for a key that is not one of `keys`.
    package init(_ pairs: [(key: String, value: String)], keys: Set<String>) throws(FilterError) {
        for pair in pairs where !keys.contains(pair.key) { throw FilterError("invalid filter '\(pair.key)'") }
        values = pairs
    }

    /// Whether `key` was given.
    package func has(_ key: String) -> Bool { values.contains { $0.key == key } }

    /// The values of `key`.
    package func all(_ key: String) -> [String] { values.filter { $0.key == key }.map(\.value) }

    /// Whether `key` was not given, or one of its values satisfies `test`.
    package func admits(_ key: String, _ test: (String) -> Bool) -> Bool {
        let values = all(key)
        return values.isEmpty || values.contains(where: test)
    }

    /// Whether all `key` or `key=value` of the filter `name` are among `labels`.
    package func admitsLabels(_ labels: [ByteKey: String], name: String = "label") -> Bool {
        all(name).allSatisfy { wanted in
            guard let equals = wanted.place(of: "=") else { return labels[wanted] != nil }
            return labels[String(wanted[..<equals])]?.isSame(as: String(wanted.behind(equals))) == true
        }
    }

    /// The truth of a filter that takes Go's booleans; nil where it was not given. Throws for any other word.
    package func bool(_ key: String) throws(FilterError) -> Bool? {
        var result: Bool?
        for value in all(key) {
            switch value {
            case "1", "t", "T", "true", "TRUE", "True": result = true
            case "0", "f", "F", "false", "FALSE", "False": result = false
            default: throw FilterError("invalid filter '\(key)=[\(value)]'")
            }
        }
        return result
    }

    /// Whether `text` has a part that the extended regular expression `pattern` (regex(7)) matches; one that is no
    /// expression must be a part of it literally.
    package static func matches(_ text: String, _ pattern: String) -> Bool {
        var expression = regex_t()
        guard regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB) == 0 else {
            return text.contains(bytesOf: pattern)
        }
        defer { regfree(&expression) }
        return regexec(&expression, text, 0, nil, 0) == 0
    }

    /// Whether `text` is a pattern as Go's path.Match takes it: each bracket is closed, and no backslash is the last byte.
    package static func isGlobPattern(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var place = 0
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "\\") {
                place += 1
                if place == bytes.count { return false }
            } else if bytes[place] == UInt8(ascii: "[") {
                var end = place + 1
                if end < bytes.count, bytes[end] == UInt8(ascii: "^") { end += 1 }
                guard end < bytes.count, let close = bytes[end...].firstIndex(of: UInt8(ascii: "]")), close > end else {
                    return false
                }
                place = close
            }
            place += 1
        }
        return true
    }

    /// Whether the shell pattern `pattern` (glob(7); a slash is matched only by a slash) matches all of `text`.
    package static func isGlob(_ pattern: String, matching text: String) -> Bool {
        fnmatch(pattern, text, FNM_PATHNAME) == 0
    }
}
