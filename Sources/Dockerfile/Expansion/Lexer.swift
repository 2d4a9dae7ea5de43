import Bytes

/// Takes quotes and escapes off a text and puts variables' values in (Dockerfile reference, "Environment replacement"; the forms
/// are those of a shell's parameters, POSIX "Shell Command Language" 2.6.2, with BuildKit's deviations).
struct Lexer {
    /// How deep substitutions may be in each other.
    static let depthLimit = 200

    let text: ArraySlice<UInt8>
    let escape: UInt8
    let variables: Variables
    /// Quotation marks stay in the result.
    var keepsQuotes = false
    /// Escape letters stay in the result.
    var keepsEscapes = false
    /// A variable that is not set stays as it is written.
    var keepsUnset = false
    /// Quotation marks have no meaning.
    var ignoresQuotes = false
    var sizeLimit = Expansion.sizeLimit
    var place: Int
    private(set) var used: Set<ByteKey> = []
    private(set) var unset: Set<ByteKey> = []
    var depth = 0

    init(_ text: ArraySlice<UInt8>, escape: UInt8, _ variables: Variables = Variables()) {
        self.text = text
        self.escape = escape
        self.variables = variables
        place = text.startIndex
    }

    /// The byte that comes next; nil at the end.
    var next: UInt8? { place < text.endIndex ? text[place] : nil }

    mutating func take() -> UInt8? {
        guard let byte = next else { return nil }
        place += 1
        return byte
    }

    /// The whole text.
    mutating func expand() throws(Fault) -> LexedText {
        var result = LexedText()
        try run(until: nil, into: &result)
        result.endWord()
        return result
    }

    /// The words, those alone that end in front of what cannot be read.
    mutating func wordsUpToFault() -> [[UInt8]] {
        var result = LexedText()
        do throws(Fault) {
            try run(until: nil, into: &result)
            result.endWord()
            return result.words
        } catch {
            // BuildKit forgets the words where it cannot read all of them.
            return []
        }
    }

    /// What is in front of the byte `stop`, which is passed.
    mutating func part(until stop: UInt8, keepsEscapes: Bool) throws(Fault) -> [UInt8] {
        depth += 1
        guard depth <= Self.depthLimit else {
            throw Fault("substitutions are nested more than \(Self.depthLimit) levels deep")
        }
        let old = self.keepsEscapes
        self.keepsEscapes = keepsEscapes
        defer {
            self.keepsEscapes = old
            depth -= 1
        }
        var result = LexedText()
        try run(until: stop, into: &result)
        return result.text
    }

    private mutating func run(until stop: UInt8?, into result: inout LexedText) throws(Fault) {
        while let byte = next {
            if byte == stop {
                place += 1
                return
            }
            switch byte {
            case UInt8(ascii: "$"): result.addValue(try substitution())
            case UInt8(ascii: "'") where !ignoresQuotes: result.addQuoted(try single())
            case UInt8(ascii: "\"") where !ignoresQuotes: result.addQuoted(try double())
            case UInt8(ascii: "<"): result.addQuoted(sign())
            case escape:
                place += 1
                if keepsEscapes { result.addQuoted([byte]) }
                result.addQuoted(letter())
            default: result.addPlain(letter())
            }
            guard result.text.count <= sizeLimit else {
                throw Fault("the expanded text is longer than \(sizeLimit >> 10) KiB, which is refused")
            }
        }
        if let stop {
            let sign = String(decoding: [stop], as: UTF8.self)
            throw Fault("unexpected end of statement while looking for matching \(sign)")
        }
    }

    // "<<" and the white space behind it belong to the word that follows.
    private mutating func sign() -> ArraySlice<UInt8> {
        let start = place
        place += 1
        guard next == UInt8(ascii: "<") else { return text[start..<place] }
        place += 1
        while place < text.endIndex, text[place] == 32 || text[place] == 9 { place += 1 }
        return text[start..<place]
    }

    /// One letter, of as many bytes as it has; empty at the end.
    mutating func letter() -> ArraySlice<UInt8> {
        let start = place
        if place < text.endIndex { place += 1 }
        while place < text.endIndex, text[place] & 0xc0 == 0x80 { place += 1 }
        return text[start..<place]
    }

    private mutating func single() throws(Fault) -> [UInt8] {
        let start = place
        place += 1
        while let byte = take(), byte != UInt8(ascii: "'") {}
        guard place - start > 1, text[place - 1] == UInt8(ascii: "'") else {
            throw Fault("unexpected end of statement while looking for matching single-quote")
        }
        return Array(keepsQuotes ? text[start..<place] : text[(start + 1)..<(place - 1)])
    }

    private mutating func double() throws(Fault) -> [UInt8] {
        place += 1
        var result: [UInt8] = keepsQuotes ? [UInt8(ascii: "\"")] : []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                place += 1
                if keepsQuotes { result.append(byte) }
                return result
            case UInt8(ascii: "$"): result += try substitution()
            case escape:
                place += 1
                if keepsEscapes { result.append(byte) }
                // Other letters are not escaped in quotes, and the escape letter stays.
                guard let escaped = next else { continue }
                if escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "$") || escaped == escape {
                    place += 1
                    result.append(escaped)
                } else {
                    result.append(byte)
                }
            default:
                place += 1
                result.append(byte)
            }
            guard result.count <= sizeLimit else {
                throw Fault("the expanded text is longer than \(sizeLimit >> 10) KiB, which is refused")
            }
        }
        throw Fault("unexpected end of statement while looking for matching double-quote")
    }

    /// The value of the variable `name`, which is remembered as used.
    mutating func value(of name: [UInt8]) -> [UInt8]? {
        let name = String(decoding: name, as: UTF8.self)
        guard let value = variables[name] else {
            unset.insert(ByteKey(name))
            return nil
        }
        used.insert(ByteKey(name))
        return Array(value.utf8)
    }
}

/// A text that is put together, and the words in it.
struct LexedText {
    private(set) var text: [UInt8] = []
    private(set) var words: [[UInt8]] = []
    private var word: [UInt8] = []

    /// Bytes that do not end a word, whatever they are.
    mutating func addQuoted(_ bytes: some Collection<UInt8>) {
        text += bytes
        word += bytes
    }

    /// One letter, which ends the word where it is white space.
    mutating func addPlain(_ letter: ArraySlice<UInt8>) {
        text += letter
        if Blanks.length(letter, at: letter.startIndex) > 0 { endWord() } else { word += letter }
    }

    /// A value: white space in it ends words.
    mutating func addValue(_ value: [UInt8]) {
        text += value
        var place = 0
        while place < value.count {
            let length = Blanks.length(value[...], at: place)
            if length > 0 { endWord() } else { word.append(value[place]) }
            place += max(1, length)
        }
    }

    /// Ends the word; an empty one is none.
    mutating func endWord() {
        if !word.isEmpty { words.append(word) }
        word = []
    }
}
