import Bytes

/// A password, or a token, that no message may have in it.
struct Secret {
    private let secret: String

    init(_ text: String) { secret = text }

    /// Whether the bytes of it are anywhere in `text`, whatever letters are before and behind them. Those of an empty one give nothing away.
    func isIn(_ text: String) -> Bool { !secret.isEmpty && text.contains(bytesOf: secret) }
}
