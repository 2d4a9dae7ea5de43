import Bytes

/// Texts as Go's standard library reads them, which Dockerfiles rely on.
enum GoValue {
    /// Digits alone in `radix`, of a value of at most 32 bits.
    static func unsigned(_ text: String, radix: Int = 10) -> UInt32? {
        guard let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
        return UInt32(text, radix: radix)
    }

    /// `text`, or its beginning, in Go's quotation marks (`%q`).
    static func quoted(_ text: String) -> String { goQuoted(text.excerpt) }
}
