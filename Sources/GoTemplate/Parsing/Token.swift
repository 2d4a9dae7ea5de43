/// A piece of a template's text.
struct Token {
    enum Kind: Equatable {
        case text
        case leftDelimiter
        case rightDelimiter
        /// `.Name`, the dot included.
        case field
        /// `$` or `$name`.
        case variable
        case dot
        case identifier
        case keyword
        case bool
        case null
        case number
        case string
        case rawString
        case character
        case pipe
        case declare
        case assign
        case comma
        case leftParenthesis
        case rightParenthesis
        case space
        case end
    }

    let kind: Kind
    let text: String
    /// Bytes from the template's start.
    let position: Int

    /// How error messages show the token.
    var shown: String {
        switch kind {
        case .end: "EOF"
        case .keyword: "<\(text)>"
        default: text.unicodeScalars.count > 10 ? quoted(String(text.unicodeScalars.prefix(10))) + "..." : quoted(text)
        }
    }
}
