import Bytes

/// A password, or a token, that no message may have in it.
struct Secret {
    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Whether the bytes of it are anywhere in `text`, whatever letters are before and behind them.
    func isIn(_ text: String) -> Bool {
        guard let first = bytes.first else { return false }
        let text = Array(text.utf8)
        guard text.count >= bytes.count else { return false }
        return (0...text.count - bytes.count).contains { text[$0] == first && text[$0...].starts(with: bytes) }
    }
}
