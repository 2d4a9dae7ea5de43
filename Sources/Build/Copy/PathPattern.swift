import Bytes
import Errors

/// A source of COPY with wildcards, as Go's `filepath.Match` compares it: "*" and "?" stop at "/", "[a-z]" and "[^a-z]" are one letter,
/// "\" takes the meaning off what follows.
struct PathPattern: Sendable {
    private enum Token {
        case letter(UInt32)
        case one
        case any
        case set([ClosedRange<UInt32>], isNegated: Bool)
    }

    private let tokens: [Token]
    /// How many directories are above what it matches, less than which nothing is worth a look.
    let depth: Int

    /// Reads `text`. Throws where a bracket or an escape does not end.
    init(_ text: [UInt8]) throws(EngineError) {
        var reader = Reader(Array(String(decoding: text, as: UTF8.self).unicodeScalars.map(\.value)))
        guard let tokens = reader.tokens() else {
            throw EngineError("\(String(decoding: text, as: UTF8.self).excerpt): syntax error in pattern", .invalid)
        }
        self.tokens = tokens
        depth = tokens.count { if case .letter(47) = $0 { true } else { false } }
    }

    /// Whether there is a wildcard in `text`.
    static func isPattern(_ text: some Sequence<UInt8>) -> Bool {
        var isEscaped = false
        for byte in text {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\"): isEscaped = true
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["): return true
            default: break
            }
        }
        return false
    }

    /// The directories in front of the first one with a wildcard, and the rest; that is empty where there is none.
    static func split(_ path: [UInt8]) -> (directory: [UInt8], pattern: [UInt8]) {
        let parts = path.split(separator: UInt8(ascii: "/"))
        guard let first = parts.firstIndex(where: { isPattern($0) }) else { return (path, []) }
        let slash = [UInt8(ascii: "/")]
        return (
            slash + Array(parts[..<first].joined(separator: slash)), Array(parts[first...].joined(separator: slash))
        )
    }

    /// Whether it is all of `path`.
    func matches(_ path: [UInt8]) -> Bool {
        let letters = String(decoding: path, as: UTF8.self).unicodeScalars.map(\.value)
        var (token, letter) = (0, 0)
        // Where the last "*" was, and how far it reaches: one before it has no need to reach further.
        var star: (token: Int, letter: Int)?
        while true {
            if token < tokens.count, case .any = tokens[token] {
                star = (token, letter)
                token += 1
                continue
            }
            if letter == letters.count, token == tokens.count { return true }
            if letter < letters.count, token < tokens.count, Self.is(letters[letter], tokens[token]) {
                token += 1
                letter += 1
                continue
            }
            guard let last = star, last.letter < letters.count, letters[last.letter] != 47 else { return false }
            star = (last.token, last.letter + 1)
            (token, letter) = (last.token + 1, last.letter + 1)
        }
    }

    private static func `is`(_ letter: UInt32, _ token: Token) -> Bool {
        switch token {
        case .letter(let wanted): wanted == letter
        case .one: letter != 47
        case .any: false
        case .set(let ranges, let isNegated): letter != 47 && ranges.contains { $0.contains(letter) } != isNegated
        }
    }

    private struct Reader {
        let text: [UInt32]
        var place = 0

        init(_ text: [UInt32]) { self.text = text }

        private mutating func next() -> UInt32? {
            guard place < text.count else { return nil }
            place += 1
            return text[place - 1]
        }

        private func isNext(_ letter: UInt8) -> Bool { place < text.count && text[place] == UInt32(letter) }

        mutating func tokens() -> [Token]? {
            var list: [Token] = []
            while let letter = next() {
                switch UInt8(exactly: letter) {
                case UInt8(ascii: "*"): if case .any = list.last {} else { list.append(.any) }
                case UInt8(ascii: "?"): list.append(.one)
                case UInt8(ascii: "["):
                    guard let set = set() else { return nil }
                    list.append(set)
                case UInt8(ascii: "\\"):
                    guard let escaped = next() else { return nil }
                    list.append(.letter(escaped))
                default: list.append(.letter(letter))
                }
            }
            return list
        }

        private mutating func set() -> Token? {
            let isNegated = isNext(UInt8(ascii: "^"))
            if isNegated { place += 1 }
            var ranges: [ClosedRange<UInt32>] = []
            while true {
                if isNext(UInt8(ascii: "]")), !ranges.isEmpty {
                    place += 1
                    return .set(ranges, isNegated: isNegated)
                }
                guard let low = member() else { return nil }
                var high = low
                if isNext(UInt8(ascii: "-")) {
                    place += 1
                    guard let end = member() else { return nil }
                    high = end
                }
                // A range the wrong way round has no letter.
                if low <= high { ranges.append(low...high) } else { ranges.append(47...47) }
            }
        }

        private mutating func member() -> UInt32? {
            guard let letter = next(), letter != UInt32(UInt8(ascii: "]")), letter != UInt32(UInt8(ascii: "-")) else {
                return nil
            }
            return letter == UInt32(UInt8(ascii: "\\")) ? next() : letter
        }
    }
}
