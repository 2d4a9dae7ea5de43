import Bytes

/// Finds the words that announce here-documents: digits, "<<", perhaps "-", and the word that ends it.
enum HeredocWords {
    /// Whether the instruction may have here-documents at all: RUN, COPY or ADD, by themselves or in ONBUILD, in shell form.
    static func mayHold(_ text: [UInt8], escape: UInt8) -> Bool {
        guard containsSign(text[...]) else { return false }
        var words = InstructionWords(text[...])
        if words.keyword.isSame(as: "ONBUILD") { words = InstructionWords(words.arguments) }
        guard ["RUN", "COPY", "ADD"].contains(where: { words.keyword.isSame(as: $0) }) else { return false }
        return JSONWords.parse(words.arguments) == .none
    }

    /// The here-documents that `text` announces, without content. Throws for quotation marks that do not end.
    static func all(in text: [UInt8]) throws(Fault) -> [Heredoc] {
        var lexer = Lexer(text[...], escape: UInt8(ascii: "\\"))
        lexer.keepsQuotes = true
        lexer.keepsEscapes = true
        lexer.keepsUnset = true
        // As much of the words as there is in front of a mistake: the shell will report that.
        let words = lexer.wordsUpToFault()
        var result: [Heredoc] = []
        for word in words { if let heredoc = try one(word) { result.append(heredoc) } }
        return result
    }

    /// The here-document that `word` announces; nil where it does not.
    static func one(_ word: [UInt8]) throws(Fault) -> Heredoc? {
        var rest = word[...]
        let digits = rest.prefix { $0 >= 48 && $0 <= 57 }
        rest = rest.dropFirst(digits.count)
        guard rest.starts(with: [60, 60]) else { return nil }
        rest = rest.dropFirst(2)
        let isChomped = rest.first == UInt8(ascii: "-")
        if isChomped { rest = rest.dropFirst() }
        rest = rest.drop { Blanks.isNarrow($0) || $0 == 10 }
        guard !rest.isEmpty, !rest.contains(60) else { return nil }
        let plain = try words(rest, keepsQuotes: false)
        guard plain.count == 1 else { return nil }
        let quoted = try words(rest, keepsQuotes: true)
        guard quoted.count == 1 else {
            throw Fault(
                "internal lexing of heredoc produced inconsistent results: \(String(decoding: rest, as: UTF8.self).excerpt)"
            )
        }
        return Heredoc(
            name: String(decoding: plain[0], as: UTF8.self), isExpanded: quotes(plain[0]) == quotes(quoted[0]),
            isChomped: isChomped, descriptor: UInt32(String(decoding: digits, as: UTF8.self)) ?? 0)
    }

    private static func words(_ text: ArraySlice<UInt8>, keepsQuotes: Bool) throws(Fault) -> [[UInt8]] {
        var lexer = Lexer(text, escape: UInt8(ascii: "\\"))
        lexer.keepsQuotes = keepsQuotes
        lexer.keepsUnset = true
        return try lexer.expand().words
    }

    private static func quotes(_ word: [UInt8]) -> Int { word.count { $0 == 34 || $0 == 39 } }

    private static func containsSign(_ text: ArraySlice<UInt8>) -> Bool {
        var last: UInt8 = 0
        for byte in text {
            if byte == 60, last == 60 { return true }
            last = byte
        }
        return false
    }
}
