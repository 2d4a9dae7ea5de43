import Bytes

/// The parts that every instruction has: the keyword, flags, and the rest.
struct InstructionWords {
    /// The keyword as it is written.
    let written: String
    /// The keyword in capitals.
    let keyword: String
    /// The flags: words in front that begin with "--", quotes and escapes taken off.
    let flags: [String]
    /// What follows, without white space at its ends.
    let arguments: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) {
        let parts = Blanks.split(Blanks.trimmed(text), limit: 2)
        written = String(decoding: parts[0], as: UTF8.self)
        keyword = written.uppercased()
        var rest = parts.count == 2 ? parts[1] : []
        var flags: [String] = []
        while let word = Self.flag(&rest) { flags.append(word) }
        self.flags = flags
        arguments = Blanks.trimmed(rest)
    }

    // Takes one flag off; nil where none follows. "--" alone ends them.
    private static func flag(_ rest: inout ArraySlice<UInt8>) -> String? {
        rest = Blanks.trimmedFront(rest)
        guard rest.starts(with: [45, 45]) else { return nil }
        var word: [UInt8] = []
        var quote: UInt8?
        var place = rest.startIndex
        while place < rest.endIndex {
            let byte = rest[place]
            if quote == nil, Blanks.length(rest, at: place) > 0 { break }
            place += 1
            switch byte {
            case UInt8(ascii: "\\"):
                guard place < rest.endIndex else { continue }
                word.append(rest[place])
                place += 1
            case quote: quote = nil
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if quote == nil { quote = byte } else { word.append(byte) }
            default: word.append(byte)
            }
        }
        rest = rest[place...]
        return word == [45, 45] ? nil : String(decoding: word, as: UTF8.self)
    }
}
