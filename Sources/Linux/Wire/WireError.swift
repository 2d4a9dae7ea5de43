/// What is wrong with bytes that should have been a message or a record of ours.
package enum WireError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The bytes end before the value does: how many more it needs.
    case truncated(missing: Int)
    /// A text is no UTF-8.
    case invalidText
    /// A value that its type does not have, such as an unknown case of an enumeration.
    case invalidValue(String)
    /// Bytes follow the last value.
    case trailing(Int)

    package var description: String {
        switch self {
        case .truncated(let missing): "the data ends \(missing) bytes too early"
        case .invalidText: "the data has a text that is no UTF-8"
        case .invalidValue(let what): "the data has an invalid \(what)"
        case .trailing(let count): "the data has \(count) bytes too many"
        }
    }
}
