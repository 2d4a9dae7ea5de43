// Names, paths, variables and labels are bytes to the kernel and to Docker. The standard library's `==`, `hasPrefix` and `split`
// work on characters, of which "=" and an accent behind it are one, and so are a carriage return and a line feed; and they take
// two texts for equal that differ in their normal form (UAX #15, UAX #29). These look at the bytes of UTF-8 alone.
extension StringProtocol {
    /// Whether the text begins with the bytes of `prefix`.
    @inlinable
    package func begins(with prefix: some StringProtocol) -> Bool { utf8.starts(with: prefix.utf8) }

    /// Whether the text ends with the bytes of `suffix`.
    @inlinable
    package func ends(with suffix: some StringProtocol) -> Bool {
        let rest = utf8.count - suffix.utf8.count
        return rest >= 0 && utf8.dropFirst(rest).elementsEqual(suffix.utf8)
    }

    /// Whether the texts have the same bytes.
    @inlinable
    package func isSame(as other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether `letter`, an ASCII one, is anywhere in the text.
    @inlinable
    package func has(_ letter: Unicode.Scalar) -> Bool { unicodeScalars.contains(letter) }

    /// Where `letter`, an ASCII one, is first; nil where it is not.
    @inlinable
    package func place(of letter: Unicode.Scalar) -> Index? { unicodeScalars.firstIndex(of: letter) }

    /// Where `letter`, an ASCII one, is last; nil where it is not.
    @inlinable
    package func lastPlace(of letter: Unicode.Scalar) -> Index? { unicodeScalars.lastIndex(of: letter) }

    /// The first letter: a scalar, whatever is to be put on it.
    @inlinable
    package var firstLetter: Unicode.Scalar? { unicodeScalars.first }

    /// The last letter.
    @inlinable
    package var lastLetter: Unicode.Scalar? { unicodeScalars.last }

    /// What is behind the first `count` bytes, which are ASCII.
    @inlinable
    package func dropping(_ count: Int) -> SubSequence {
        self[(utf8.index(startIndex, offsetBy: count, limitedBy: endIndex) ?? endIndex)...]
    }

    /// What is behind the ASCII letter at `place`.
    @inlinable
    package func behind(_ place: Index) -> SubSequence { self[unicodeScalars.index(after: place)...] }

    /// What is in front of the first `letter`; all of the text where there is none.
    @inlinable
    package func until(_ letter: Unicode.Scalar) -> SubSequence { self[..<(place(of: letter) ?? endIndex)] }

    /// What is in front of the last `count` bytes, which are ASCII.
    @inlinable
    package func droppingLast(_ count: Int) -> SubSequence {
        self[..<utf8.index(startIndex, offsetBy: Swift.max(0, utf8.count - count))]
    }

    /// The parts between the ASCII letters `separator`: at most `maxSplits` + 1 of them.
    package func split(
        on separator: Unicode.Scalar, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true
    ) -> [SubSequence] {
        var parts: [SubSequence] = []
        var rest = self[...]
        while parts.count < maxSplits, let place = rest.place(of: separator) {
            let part = rest[..<place]
            rest = rest.behind(place)
            // What is left out does not count.
            if !part.isEmpty || !omittingEmptySubsequences { parts.append(part) }
        }
        if !rest.isEmpty || !omittingEmptySubsequences { parts.append(rest) }
        return parts
    }
}

extension Substring {
    /// Takes the first letter off; nil where there is none.
    package mutating func popLetter() -> Unicode.Scalar? {
        guard let letter = unicodeScalars.first else { return nil }
        self = behind(startIndex)
        return letter
    }
}

/// A text that is equal to another only where all bytes are: for keys.
package struct ByteKey: Hashable, Sendable {
    /// The text.
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: ByteKey, right: ByteKey) -> Bool { left.text.isSame(as: right.text) }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
