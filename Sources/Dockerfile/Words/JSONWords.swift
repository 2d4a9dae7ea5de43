import JSON

/// What arguments are that may be a JSON array.
enum JSONWords: Equatable {
    /// No JSON, or no array: the shell form.
    case none
    /// An array that has more than texts in it: an error, not the shell form.
    case mixed
    /// The exec form.
    case words([String])

    static func parse(_ text: ArraySlice<UInt8>) -> JSONWords {
        let text = Blanks.trimmedFront(text)
        guard text.first == UInt8(ascii: "[") else { return .none }
        do throws(JSONError) {
            guard case .array(let values) = try JSONTree.parse(Array(text)) else { return .none }
            var words: [String] = []
            for value in values {
                guard let word = value.string else { return .mixed }
                words.append(word)
            }
            return .words(words)
        } catch {
            return .none
        }
    }

    static let mixedFault = Fault("when using JSON array syntax, arrays must be comprised of strings only")
}
