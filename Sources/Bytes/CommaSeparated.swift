/// One line of values with commas between them, as Go's `encoding/csv` reads it (RFC 4180).
package enum CommaSeparated {
    /// Why a text is no such line, in Go's words.
    package enum Failure: Error, CustomStringConvertible {
        /// In a field that does not begin with one.
        case bareQuote
        /// Before the end of a field that does.
        case misplacedQuote

        package var description: String {
            switch self {
            case .bareQuote: "bare \" in non-quoted-field"
            case .misplacedQuote: "extraneous or missing \" in quoted-field"
            }
        }
    }

    /// The fields of `line`; one that is empty for an empty line. Throws `Failure`.
    package static func fields(_ line: String) throws(Failure) -> [String] {
        var rest = Array(line.utf8)[...]
        var fields: [String] = []
        while true {
            fields.append(String(decoding: try field(&rest), as: UTF8.self))
            guard rest.first == UInt8(ascii: ",") else { return fields }
            rest = rest.dropFirst()
        }
    }

    private static func field(_ rest: inout ArraySlice<UInt8>) throws(Failure) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        guard rest.first == quote else {
            let value = rest.prefix { $0 != UInt8(ascii: ",") }
            guard !value.contains(quote) else { throw .bareQuote }
            rest = rest.dropFirst(value.count)
            return Array(value)
        }
        rest = rest.dropFirst()
        var result: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == quote else {
                result.append(byte)
                continue
            }
            if rest.first == quote {
                result.append(quote)
                rest = rest.dropFirst()
                continue
            }
            guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { throw .misplacedQuote }
            return result
        }
        throw .misplacedQuote
    }
}
