/// Splits text at white space where it is neither quoted nor escaped; quotes and escapes stay, for the expansion takes them off.
enum WordSplitter {
    static func split(_ text: ArraySlice<UInt8>, escape: UInt8) -> [ArraySlice<UInt8>] {
        var words: [ArraySlice<UInt8>] = []
        var place = text.startIndex
        while true {
            while place < text.endIndex {
                let length = Blanks.length(text, at: place)
                if length == 0 { break }
                place += length
            }
            guard place < text.endIndex else { return words }
            let start = place
            place = end(text, from: start, escape: escape)
            // An escape letter at the very end stands for nothing.
            let isCut = place == text.endIndex && hasLooseEscape(text[start..<place], escape: escape)
            let word = text[start..<(isCut ? place - 1 : place)]
            if !word.isEmpty { words.append(word) }
        }
    }

    private static func end(_ text: ArraySlice<UInt8>, from start: Int, escape: UInt8) -> Int {
        var quote: UInt8?
        var place = start
        while place < text.endIndex {
            let byte = text[place]
            if let open = quote {
                if byte == open { quote = nil } else if byte == escape, open != UInt8(ascii: "'") { place += 1 }
            } else {
                if Blanks.length(text, at: place) > 0 { return place }
                if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                    quote = byte
                } else if byte == escape {
                    place += 1
                }
            }
            place += 1
        }
        return min(place, text.endIndex)
    }

    private static func hasLooseEscape(_ word: ArraySlice<UInt8>, escape: UInt8) -> Bool {
        guard word.last == escape else { return false }
        var quote: UInt8?
        var place = word.startIndex
        while place < word.endIndex {
            let byte = word[place]
            if byte == escape, quote != UInt8(ascii: "'") {
                if place + 1 == word.endIndex { return true }
                place += 1
            } else if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            }
            place += 1
        }
        return false
    }
}
