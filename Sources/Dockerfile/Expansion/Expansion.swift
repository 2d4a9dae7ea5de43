package import Bytes

/// What became of a text whose variables were expanded.
package struct Expansion: Equatable, Sendable {
    /// How many bytes a text may grow to.
    package static let sizeLimit = 1 << 20

    /// The text, quotes and escapes taken off.
    package let text: String
    /// The same, split at white space that is neither quoted nor escaped.
    package let words: [String]
    /// The variables that were asked for and are set: the cache depends on their values.
    package let used: Set<ByteKey>
    /// The variables that were asked for and are not set.
    package let unset: Set<ByteKey>

    /// Expands `text` with `variables`, `escape` being the file's escape letter. Throws BuildKit's sentence where it cannot be.
    package init(
        _ text: String, _ variables: Variables, escape: UInt8 = UInt8(ascii: "\\")
    ) throws(ExpansionError) {
        try self.init(text, Lexer(Array(text.utf8)[...], escape: escape, variables))
    }

    /// Expands a here-document: quotes are letters like others, and "\" escapes whatever the file says.
    package init(document: [UInt8], _ variables: Variables) throws(ExpansionError) {
        let text = String(decoding: document, as: UTF8.self)
        var lexer = Lexer(Array(text.utf8)[...], escape: UInt8(ascii: "\\"), variables)
        lexer.ignoresQuotes = true
        lexer.sizeLimit = SourceText.sizeLimit
        try self.init(text, lexer)
    }

    /// Expands the text of an instruction for display: quotes stay, and so does what is not set. A text that cannot be expanded is
    /// shown as it is.
    package static func displayed(_ text: String, _ variables: Variables, escape: UInt8) -> String {
        var lexer = Lexer(Array(text.utf8)[...], escape: escape, variables)
        lexer.keepsQuotes = true
        lexer.keepsUnset = true
        do throws(ExpansionError) { return try Expansion(text, lexer).text } catch { return text }
    }

    private init(_ source: String, _ lexer: Lexer) throws(ExpansionError) {
        var lexer = lexer
        do throws(Fault) {
            let result = try lexer.expand()
            text = String(decoding: result.text, as: UTF8.self)
            words = result.words.map { String(decoding: $0, as: UTF8.self) }
            used = lexer.used
            unset = lexer.unset
        } catch {
            throw ExpansionError(
                "failed to process \(GoValue.quoted(source)): \(error.sentence)", used: lexer.used, unset: lexer.unset)
        }
    }
}

/// Why a text could not be expanded.
package struct ExpansionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// BuildKit's sentence.
    package let description: String
    /// What was asked for before: the failure depends on it.
    package let used: Set<ByteKey>
    /// What was asked for and is not set.
    package let unset: Set<ByteKey>

    init(_ description: String, used: Set<ByteKey> = [], unset: Set<ByteKey> = []) {
        self.description = description
        self.used = used
        self.unset = unset
    }
}
