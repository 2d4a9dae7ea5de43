/// Makes tokens of a pattern's text.
struct IgnorePatternReader {
    private let text: [UInt8]
    private var place = 0
    private var tokens: [IgnorePattern.Token] = []
    private var isLiteral = true

    init(_ text: [UInt8]) { self.text = text }

    func form() throws(Fault) -> IgnorePattern.Form {
        var reader = self
        return try reader.read()
    }

    private static let badPattern = Fault("syntax error in pattern")

    private mutating func read() throws(Fault) -> IgnorePattern.Form {
        var isSuffix = false
        while place < text.count {
            let start = place
            let byte = text[place]
            place += 1
            switch byte {
            case UInt8(ascii: "*"):
                guard place < text.count, text[place] == byte else {
                    isLiteral = false
                    tokens.append(.any)
                    continue
                }
                place += 1
                if place < text.count, text[place] == UInt8(ascii: "/") { place += 1 }
                if start == 0 {
                    // "**/foo" and "**foo" are any path that ends so.
                    isSuffix = true
                    if place == text.count { return .suffix([]) }
                } else if place == text.count, isLiteral, !isSuffix {
                    return .prefix(Array(text[..<start]))
                } else {
                    isLiteral = false
                }
                tokens += place == text.count ? [.rest] : [.directories, .insideDirectories]
            case UInt8(ascii: "?"):
                isLiteral = false
                tokens.append(.one)
            case UInt8(ascii: "["):
                isLiteral = false
                tokens.append(try set())
            case UInt8(ascii: "\\"):
                guard place < text.count else { throw Self.badPattern }
                isLiteral = false
                tokens.append(.byte(text[place]))
                place += 1
            default: tokens.append(.byte(byte))
            }
        }
        guard isLiteral else { return .tokens(tokens) }
        guard isSuffix else { return .exact(text) }
        return .suffix(Array(text[2...]))
    }

    private mutating func set() throws(Fault) -> IgnorePattern.Token {
        let isNegated = place < text.count && text[place] == UInt8(ascii: "^")
        if isNegated { place += 1 }
        var ranges: [ClosedRange<UInt32>] = []
        while true {
            guard place < text.count else { throw Self.badPattern }
            if text[place] == UInt8(ascii: "]"), !ranges.isEmpty {
                place += 1
                return .set(ranges, isNegated: isNegated)
            }
            let low = try member()
            var high = low
            if place < text.count, text[place] == UInt8(ascii: "-") {
                place += 1
                high = try member()
            }
            guard low <= high else { throw Self.badPattern }
            ranges.append(low...high)
        }
    }

    // One letter of a set.
    private mutating func member() throws(Fault) -> UInt32 {
        guard place < text.count, text[place] != UInt8(ascii: "]"), text[place] != UInt8(ascii: "-") else {
            throw Self.badPattern
        }
        if text[place] == UInt8(ascii: "\\") {
            place += 1
            guard place < text.count else { throw Self.badPattern }
        }
        let start = place
        place += 1
        while place < text.count, text[place] & 0xc0 == 0x80 { place += 1 }
        let letter = String(decoding: text[start..<place], as: UTF8.self).unicodeScalars.first
        guard let letter, place < text.count else { throw Self.badPattern }
        return letter.value
    }
}
