import Bytes

/// The texts of flag values, read as Docker's command line reads them, with its error messages.
package enum FlagValue {
    /// Why a text is no value of its kind.
    package struct Invalid: Error, Equatable, Sendable, CustomStringConvertible {
        package let reason: String
        package init(_ reason: String) { self.reason = reason }
        package var description: String { reason }
    }

    static func check(_ text: String, _ kind: Flag.Kind) throws(Invalid) {
        switch kind {
        case .string, .list, .commaList: return
        case .bool: _ = try checkedBool(text)
        case .int: _ = try int(text)
        case .uint: _ = try unsigned(text, limit: .max)
        case .uint16: _ = try unsigned(text, limit: UInt64(UInt16.max))
        case .bytes: _ = try bytes(text)
        case .bytesOrUnlimited: if text != "-1" { _ = try bytes(text) }
        case .duration: _ = try duration(text)
        case .decimal: _ = try billionths(text)
        case .filter: _ = try filter(text)
        }
    }

    static func checkedBool(_ text: String) throws(Invalid) -> Bool {
        guard let value = goBool(text) else {
            throw Invalid("strconv.ParseBool: parsing \(goQuoted(text)): invalid syntax")
        }
        return value
    }

    /// A `key=value` filter: the key trimmed and lower-cased, the value trimmed, as Docker has them.
    /// An empty text is no filter (nil); one without `=` throws.
    package static func filter(_ text: String) throws(Invalid) -> (key: String, value: String)? {
        if text.isEmpty { return nil }
        guard let equals = text.place(of: "=") else {
            throw Invalid("bad format of filter (expected name=value)")
        }
        return (trimmed(text[..<equals]).lowercased(), trimmed(text.behind(equals)))
    }

    /// The fields of one record of comma-separated values, quotes as in RFC 4180.
    package static func commaSeparated(_ text: String) -> [String] {
        if text.isEmpty { return [] }
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var rest = Substring(text)
        while let character = rest.popLetter() {
            switch character {
            case "\"" where isQuoted && rest.firstLetter == "\"":
                field.append("\"")
                rest = rest.dropping(1)
            case "\"" where isQuoted || field.isEmpty: isQuoted.toggle()
            case "," where !isQuoted:
                fields.append(field)
                field = ""
            default: field.unicodeScalars.append(character)
            }
        }
        return fields + [field]
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.firstLetter?.properties.isWhitespace == true { text = text.behind(text.startIndex) }
        while text.lastLetter?.properties.isWhitespace == true {
            text = text[..<text.unicodeScalars.index(before: text.endIndex)]
        }
        return String(text)
    }
}
