/// What happens to one of several transfers, with the words for it. Sizes are in bytes.
package enum TransferStep: Sendable, Equatable {
    /// It is wanted, and nothing has begun.
    case wanted(String, size: Int64)
    /// Words alone.
    case noted(String)
    /// Its bytes move.
    case moving(String, done: Int64, of: Int64)
    /// Somebody else moves its bytes.
    case followed(String, done: Int64, of: Int64)
    /// All of its bytes are there.
    case arrived(String)
    /// Nothing had to be moved.
    case spared(String)

    /// The words, with numbers and where `columns` have the room with a bar; `rate` is in bytes per second.
    package func text(columns: Int, rate: Double? = nil) -> String {
        switch self {
        case .wanted(let words, _), .noted(let words), .arrived(let words), .spared(let words): words
        case .moving(let word, let done, let total), .followed(let word, let done, let total):
            TransferText.progress(word, done: done, of: total, columns: columns)
                + (rate.map { "  " + TransferText.rate($0) } ?? "")
        }
    }
}
