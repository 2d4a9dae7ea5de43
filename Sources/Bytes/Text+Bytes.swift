// Names, paths, variables and labels are bytes to the kernel and to Docker. The standard library's `==`, `hasPrefix` and `split`
// work on characters, of which "=" and an accent behind it are one, and so are a carriage return and a line feed; and they take
// two texts for equal that differ in their normal form (UAX #15, UAX #29). These look at the bytes of UTF-8 alone.
//
// For `String` and `Substring` by themselves: code that is generic over both has the Swift runtime look for its conformances at
// each start.
import Glibc

// The bytes are looked at where they are: an iterator over those of a `Substring` takes some fifty instructions for each.
extension UnsafeBufferPointer<UInt8> {
    fileprivate func begins(with prefix: Self) -> Bool { ends(with: prefix, behind: 0) }

    fileprivate func ends(with suffix: Self) -> Bool { ends(with: suffix, behind: count - suffix.count) }

    fileprivate func isSame(as other: Self) -> Bool { count == other.count && begins(with: other) }

    // Whether the bytes of `part` are there behind the first `start`.
    private func ends(with part: Self, behind start: Int) -> Bool {
        guard start >= 0, count - start >= part.count else { return false }
        guard let own = baseAddress, let other = part.baseAddress else { return true }
        return memcmp(own + start, other, part.count) == 0
    }

    fileprivate func comes(before other: Self) -> Bool {
        guard let one = baseAddress, let two = other.baseAddress else { return count < other.count }
        let order = memcmp(one, two, Swift.min(count, other.count))
        return order != 0 ? order < 0 : count < other.count
    }

    /// Where `byte` is first from `start` to before `end`, or to the end; nil where it is not (memchr(3)).
    package func place(of byte: UInt8, from start: Int = 0, to end: Int? = nil) -> Int? {
        let end = Swift.min(end ?? count, count)
        guard let base = baseAddress, start < end, let found = memchr(base + start, CInt(byte), end - start) else {
            return nil
        }
        return UnsafeRawPointer(base).distance(to: found)
    }
}

extension Substring {
    fileprivate func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        // A copy of what describes the text alone.
        var text = self
        return text.withUTF8(body)
    }

    /// Whether the text begins with the bytes of `prefix`.
    package func begins(with prefix: String) -> Bool {
        withBytes { own in prefix.withBytes { own.begins(with: $0) } }
    }

    /// Whether the text begins with the bytes of `prefix`.
    package func begins(with prefix: Substring) -> Bool {
        withBytes { own in prefix.withBytes { own.begins(with: $0) } }
    }

    /// Whether the text sorts before `other` by its bytes, as Go sorts.
    package func comes(before other: String) -> Bool {
        withBytes { own in other.withBytes { own.comes(before: $0) } }
    }

    /// Whether the text ends with the bytes of `suffix`.
    package func ends(with suffix: String) -> Bool { withBytes { own in suffix.withBytes { own.ends(with: $0) } } }

    /// Whether the texts have the same bytes.
    package func isSame(as other: String) -> Bool { withBytes { own in other.withBytes { own.isSame(as: $0) } } }

    /// Whether the texts have the same bytes.
    package func isSame(as other: Substring) -> Bool { withBytes { own in other.withBytes { own.isSame(as: $0) } } }

    /// Whether `letter`, an ASCII one, is anywhere in the text.
    package func has(_ letter: Unicode.Scalar) -> Bool { withBytes { $0.place(of: UInt8(ascii: letter)) } != nil }

    /// Whether the text is digits from 0 to 9, one at least, and nothing else: no sign, as Swift's numbers may have.
    package var isDigits: Bool { !isEmpty && utf8.allSatisfy { (48...57).contains($0) } }

    /// Whether the bytes of `part` are anywhere in the text, whatever letters are before and behind them; an empty one is.
    package func contains(bytesOf part: String) -> Bool { Array(utf8).contains(bytesOf: part) }

    /// Where `letter`, an ASCII one, is first; nil where it is not.
    package func place(of letter: Unicode.Scalar) -> Index? {
        withBytes { $0.place(of: UInt8(ascii: letter)) }.map { utf8.index(startIndex, offsetBy: $0) }
    }

    /// Where `letter`, an ASCII one, is last; nil where it is not.
    package func lastPlace(of letter: Unicode.Scalar) -> Index? {
        let wanted = UInt8(ascii: letter)
        var place = endIndex
        while place > startIndex {
            place = utf8.index(before: place)
            if utf8[place] == wanted { return place }
        }
        return nil
    }

    /// The first letter: a scalar, whatever is to be put on it.
    package var firstLetter: Unicode.Scalar? { isEmpty ? nil : unicodeScalars[startIndex] }

    /// The last letter.
    package var lastLetter: Unicode.Scalar? {
        isEmpty ? nil : unicodeScalars[unicodeScalars.index(before: endIndex)]
    }

    /// What is behind the first `count` bytes, which are ASCII.
    package func dropping(_ count: Int) -> Substring {
        self[(utf8.index(startIndex, offsetBy: count, limitedBy: endIndex) ?? endIndex)...]
    }

    /// What is behind the ASCII letter at `place`.
    package func behind(_ place: Index) -> Substring { self[utf8.index(after: place)...] }

    /// What is in front of the first `letter`; all of the text where there is none.
    package func until(_ letter: Unicode.Scalar) -> Substring { self[..<(place(of: letter) ?? endIndex)] }

    /// What is in front of the last `count` bytes, which are ASCII.
    package func droppingLast(_ count: Int) -> Substring {
        self[..<(utf8.index(endIndex, offsetBy: -count, limitedBy: startIndex) ?? startIndex)]
    }

    /// The text for a message: its first 200 letters, and "…" where there are more.
    package var excerpt: String {
        let end = unicodeScalars.index(startIndex, offsetBy: 200, limitedBy: endIndex) ?? endIndex
        return String(self[..<end]) + (end < endIndex ? "…" : "")
    }

    /// The parts between the ASCII letters `separator`: at most `maxSplits` + 1 of them.
    package func split(
        on separator: Unicode.Scalar, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true
    ) -> [Substring] {
        var parts: [Substring] = []
        var rest = self
        while parts.count < maxSplits, let place = rest.place(of: separator) {
            let part = rest[..<place]
            rest = rest.behind(place)
            // What is left out does not count.
            if !part.isEmpty || !omittingEmptySubsequences { parts.append(part) }
        }
        if !rest.isEmpty || !omittingEmptySubsequences { parts.append(rest) }
        return parts
    }

    /// The parts between blanks: spaces, tabs and carriage returns.
    package var words: [String] {
        var words: [String] = []
        var start = startIndex
        var place = startIndex
        while true {
            let isAtEnd = place == endIndex
            if isAtEnd || utf8[place] == 32 || utf8[place] == 9 || utf8[place] == 13 {
                if start < place { words.append(String(self[start..<place])) }
                if isAtEnd { return words }
                start = utf8.index(after: place)
            }
            place = utf8.index(after: place)
        }
    }

    /// Takes the first letter off; nil where there is none.
    package mutating func popLetter() -> Unicode.Scalar? {
        guard let letter = firstLetter else { return nil }
        self = behind(startIndex)
        return letter
    }
}

// The same of a whole text.
extension String {
    fileprivate func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        var text = self
        return text.withUTF8(body)
    }

    /// The text that is `bytes` in UTF-8; nil where they are none. What the standard library has for it is generic code, for
    /// which the runtime makes types.
    package init?(utf8 bytes: ArraySlice<UInt8>) {
        self.init(decoding: bytes, as: UTF8.self)
        // What is no UTF-8 was replaced.
        let isSame = bytes.withUnsafeBufferPointer { own in withBytes { $0.isSame(as: own) } }
        if !isSame { return nil }
    }

    /// As `Substring.begins`.
    package func begins(with prefix: String) -> Bool {
        withBytes { own in prefix.withBytes { own.begins(with: $0) } }
    }
    /// As `Substring.begins`.
    package func begins(with prefix: Substring) -> Bool {
        withBytes { own in prefix.withBytes { own.begins(with: $0) } }
    }
    /// As `Substring.ends`.
    package func ends(with suffix: String) -> Bool { withBytes { own in suffix.withBytes { own.ends(with: $0) } } }
    /// As `Substring.isSame`.
    package func isSame(as other: String) -> Bool { withBytes { own in other.withBytes { own.isSame(as: $0) } } }
    /// As `Substring.comes`.
    package func comes(before other: String) -> Bool {
        withBytes { own in other.withBytes { own.comes(before: $0) } }
    }
    /// As `Substring.excerpt`.
    package var excerpt: String { self[...].excerpt }
    /// As `Substring.isDigits`.
    package var isDigits: Bool { self[...].isDigits }
    /// As `Substring.contains`.
    package func contains(bytesOf part: String) -> Bool { self[...].contains(bytesOf: part) }
    /// As `Substring.has`.
    package func has(_ letter: Unicode.Scalar) -> Bool { withBytes { $0.place(of: UInt8(ascii: letter)) } != nil }
    /// As `Substring.place`.
    package func place(of letter: Unicode.Scalar) -> Index? { self[...].place(of: letter) }
    /// As `Substring.lastPlace`.
    package func lastPlace(of letter: Unicode.Scalar) -> Index? { self[...].lastPlace(of: letter) }
    /// As `Substring.firstLetter`.
    package var firstLetter: Unicode.Scalar? { self[...].firstLetter }
    /// As `Substring.lastLetter`.
    package var lastLetter: Unicode.Scalar? { self[...].lastLetter }
    /// As `Substring.dropping`.
    package func dropping(_ count: Int) -> Substring { self[...].dropping(count) }
    /// As `Substring.droppingLast`.
    package func droppingLast(_ count: Int) -> Substring { self[...].droppingLast(count) }
    /// As `Substring.behind`.
    package func behind(_ place: Index) -> Substring { self[...].behind(place) }
    /// As `Substring.until`.
    package func until(_ letter: Unicode.Scalar) -> Substring { self[...].until(letter) }
    /// As `Substring.split`.
    package func split(
        on separator: Unicode.Scalar, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true
    ) -> [Substring] {
        self[...].split(
            on: separator, maxSplits: maxSplits, omittingEmptySubsequences: omittingEmptySubsequences)
    }
}

extension [String] {
    /// The texts, one behind the other, with `separator` between them: what the standard library's does, for this type alone.
    /// That one has the Swift runtime search all conformances of the program when it is called for the first time.
    package func joined(separator: String) -> String {
        var length = 0
        for text in self { length += text.utf8.count + separator.utf8.count }
        var joined = ""
        joined.reserveCapacity(length)
        for place in indices {
            if place > startIndex { joined += separator }
            joined += self[place]
        }
        return joined
    }
}

extension [UInt8] {
    /// As `UnsafeBufferPointer.place`.
    package func place(of byte: UInt8, from start: Int = 0, to end: Int? = nil) -> Int? {
        withUnsafeBufferPointer { $0.place(of: byte, from: start, to: end) }
    }

    /// Whether the bytes of `part` are anywhere among these, one behind the other; those of an empty one are.
    package func contains(bytesOf part: String) -> Bool {
        var part = part
        return withUnsafeBytes { all in
            part.withUTF8 { part in
                guard let letters = part.baseAddress, let first = part.first else { return true }
                guard var place = all.baseAddress else { return false }
                let end = place + all.count
                // memmem(3) is not a function of POSIX, which is what Glibc shows.
                while end - place >= part.count, let found = memchr(place, CInt(first), end - place - part.count + 1) {
                    if memcmp(found, letters, part.count) == 0 { return true }
                    place = UnsafeRawPointer(found) + 1
                }
                return false
            }
        }
    }
}
