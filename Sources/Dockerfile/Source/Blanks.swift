/// What is white space, by bytes of UTF-8. Go's `unicode.IsSpace` and the expressions of BuildKit's parser differ in it.
enum Blanks {
    /// How many bytes the white space at `place` has, as `unicode.IsSpace` has it; 0 where there is none.
    @inline(__always)
    static func length(_ bytes: ArraySlice<UInt8>, at place: Int) -> Int {
        let byte = bytes[place]
        if byte < 0x80 { return byte == 32 || (byte >= 9 && byte <= 13) ? 1 : 0 }
        return wideLength(bytes, at: place)
    }

    private static func wideLength(_ bytes: ArraySlice<UInt8>, at place: Int) -> Int {
        guard bytes[place] >= 0xc2, bytes[place] <= 0xe3, place + 1 < bytes.endIndex else { return 0 }
        let second = bytes[place + 1]
        if bytes[place] == 0xc2 { return second == 0x85 || second == 0xa0 ? 2 : 0 }
        guard place + 2 < bytes.endIndex else { return 0 }
        let third = bytes[place + 2]
        let isBlank =
            switch (bytes[place], second) {
            case (0xe1, 0x9a), (0xe3, 0x80): third == 0x80
            case (0xe2, 0x80): third <= 0x8a || third == 0xa8 || third == 0xa9 || third == 0xaf
            case (0xe2, 0x81): third == 0x9f
            default: false
            }
        return isBlank ? 3 : 0
    }

    /// Whether `byte` separates words to the parser's own expressions: no line feed, nothing beyond ASCII.
    @inline(__always)
    static func isNarrow(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || (byte >= 11 && byte <= 13) }

    /// `bytes` without white space in front.
    static func trimmedFront(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var place = bytes.startIndex
        while place < bytes.endIndex {
            let length = length(bytes, at: place)
            if length == 0 { break }
            place += length
        }
        return bytes[place...]
    }

    /// `bytes` without white space at both ends.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = trimmedFront(bytes)
        while let last = rest.last {
            var width = 1
            // Continuation bytes of UTF-8: the letter begins further in front.
            if last >= 0x80 {
                while width < 3, width < rest.count, rest[rest.endIndex - width] & 0xc0 == 0x80 { width += 1 }
            }
            guard length(rest, at: rest.endIndex - width) == width else { break }
            rest = rest.dropLast(width)
        }
        return rest
    }

    /// The parts between runs of narrow white space, at most `limit` of them: empty ones in front and behind where it begins
    /// or ends with such.
    static func split(_ bytes: ArraySlice<UInt8>, limit: Int = .max) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var place = start
        while place < bytes.endIndex, parts.count + 1 < limit {
            guard isNarrow(bytes[place]) else {
                place += 1
                continue
            }
            parts.append(bytes[start..<place])
            while place < bytes.endIndex, isNarrow(bytes[place]) { place += 1 }
            start = place
        }
        parts.append(bytes[start...])
        return parts
    }
}
