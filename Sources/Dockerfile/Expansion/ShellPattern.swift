import Bytes

/// A pattern of `${x#p}`, `${x%p}` and `${x/p/r}`: "*" is any text of one line, "?" any letter but a line feed, "\" escapes those
/// and itself. Time is the product of the pattern's length and the text's, whatever they are.
struct ShellPattern {
    private enum Token {
        case any
        case one
        case letter(Unicode.Scalar)
    }

    private let tokens: [Token]

    init(_ pattern: ArraySlice<UInt8>) throws(Fault) {
        var tokens: [Token] = []
        let text = String(decoding: pattern, as: UTF8.self)
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if isEscaped {
                isEscaped = false
                guard "*?\\}/".unicodeScalars.contains(scalar) else {
                    throw Fault("invalid pattern (\(text.excerpt)) in substitution: invalid escape '\\\(scalar)'")
                }
                tokens.append(.letter(scalar))
                continue
            }
            switch scalar {
            case "\\": isEscaped = true
            case "?": tokens.append(.one)
            case "*":
                if case .any = tokens.last {} else { tokens.append(.any) }
            default: tokens.append(.letter(scalar))
            }
        }
        if isEscaped {
            throw Fault("invalid pattern (\(text.excerpt)) in substitution: invalid escape '\\\u{fffd}'")
        }
        guard tokens.count <= 10_000 else { throw Fault("a pattern of more than 10,000 letters is refused") }
        self.tokens = tokens
    }

    func droppingPrefix(of value: [UInt8], longest: Bool) -> [UInt8] {
        let text = Self.scalars(value)
        let end = Self.end(tokens, text, longest: longest)
        return end.map { Self.bytes(text[$0...]) } ?? value
    }

    func droppingSuffix(of value: [UInt8], longest: Bool) -> [UInt8] {
        let text = Self.scalars(value)
        let end = Self.end(tokens.reversed(), text.reversed(), longest: longest)
        return end.map { Self.bytes(text[..<(text.count - $0)]) } ?? value
    }

    /// `value` with the longest of the first matches, or all matches, replaced.
    func replacing(in value: [UInt8], with other: [UInt8], all: Bool, limit: Int) throws(Fault) -> [UInt8] {
        let text = Self.scalars(value)
        var result: [UInt8] = []
        var start = 0
        // An empty match directly behind another is none.
        var lastEnd = -1
        while start <= text.count, let match = match(in: text, from: start) {
            result += Self.bytes(text[start..<match.lowerBound])
            start = match.upperBound
            if !match.isEmpty || match.lowerBound != lastEnd { result += other }
            lastEnd = match.upperBound
            if match.isEmpty {
                if start < text.count { result += Self.bytes(text[start...start]) }
                start += 1
            }
            guard result.count <= limit else {
                throw Fault("the expanded text is longer than \(limit >> 10) KiB, which is refused")
            }
            if !all { break }
        }
        if start < text.count { result += Self.bytes(text[start...]) }
        return result
    }

    // Where a match from the beginning ends: the first such place, or the last.
    private static func end(_ tokens: [Token], _ text: [Unicode.Scalar], longest: Bool) -> Int? {
        var states = States(tokens)
        states.begin(at: 0)
        var found: Int?
        for place in 0...text.count {
            if states.final != nil {
                found = place
                if !longest { return found }
            }
            guard place < text.count, !states.isEmpty else { break }
            states.step(text[place])
        }
        return found
    }

    // The match that begins first, and of those the longest.
    private func match(in text: [Unicode.Scalar], from start: Int) -> Range<Int>? {
        var states = States(tokens)
        var found: Range<Int>?
        for place in start...text.count {
            if found == nil { states.begin(at: place) }
            if let begin = states.final, begin <= (found?.lowerBound ?? begin) {
                found = begin..<place
                states.drop(after: begin)
            }
            guard place < text.count, !states.isEmpty else { break }
            states.step(text[place])
        }
        return found
    }

    private static func scalars(_ bytes: [UInt8]) -> [Unicode.Scalar] {
        Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
    }

    private static func bytes(_ scalars: some Sequence<Unicode.Scalar>) -> [UInt8] {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return Array(String(text).utf8)
    }

    /// The places in the pattern at which a match may be, each with where in the text the earliest such match began.
    private struct States {
        let tokens: [Token]
        private var starts: [Int?]

        init(_ tokens: [Token]) {
            self.tokens = tokens
            starts = Array(repeating: nil, count: tokens.count + 1)
        }

        var isEmpty: Bool { !starts.contains { $0 != nil } }
        /// Where a match that is complete began.
        var final: Int? { starts[tokens.count] }

        mutating func begin(at place: Int) { add(0, place) }

        private mutating func add(_ state: Int, _ start: Int) {
            var state = state
            while true {
                if let old = starts[state], old <= start { return }
                starts[state] = start
                // "*" may stand for nothing.
                guard state < tokens.count, case .any = tokens[state] else { return }
                state += 1
            }
        }

        mutating func step(_ letter: Unicode.Scalar) {
            let old = starts
            for index in starts.indices { starts[index] = nil }
            for (state, token) in tokens.enumerated() {
                guard let start = old[state] else { continue }
                switch token {
                case .any where letter != "\n": add(state, start)
                case .one where letter != "\n": add(state + 1, start)
                case .letter(let wanted) where wanted == letter: add(state + 1, start)
                default: break
                }
            }
        }

        mutating func drop(after start: Int) {
            for index in starts.indices { if let own = starts[index], own > start { starts[index] = nil } }
        }
    }
}
