import Bytes

/// The links of an answer (RFC 8288, section 3).
enum LinkHeader {
    /// The address of the link with the relation "next" in the header's values; nil where there is none.
    static func next(in values: [String]) -> String? {
        for value in values {
            for link in links(Array(value.utf8)) where link.relations.contains("next") { return link.target }
        }
        return nil
    }

    private struct Link {
        var target: String
        var relations: [String] = []
    }

    /// `<target>; name=value; name="value", <…>`. What follows no grammar ends the value.
    private static func links(_ bytes: [UInt8]) -> [Link] {
        var found: [Link] = []
        var place = 0
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
        func skip(while matches: (UInt8) -> Bool) { while place < bytes.count, matches(bytes[place]) { place += 1 } }
        func take(while matches: (UInt8) -> Bool) -> String {
            let start = place
            skip(while: matches)
            return String(decoding: bytes[start..<place], as: UTF8.self)
        }
        func value() -> String {
            guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else {
                return take { !isBlank($0) && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") }
            }
            place += 1
            let text = take { $0 != UInt8(ascii: "\"") }
            place += 1
            return text
        }
        while true {
            skip { isBlank($0) || $0 == UInt8(ascii: ",") }
            guard place < bytes.count, bytes[place] == UInt8(ascii: "<") else { return found }
            place += 1
            var link = Link(target: take { $0 != UInt8(ascii: ">") })
            guard place < bytes.count else { return found }
            place += 1
            while true {
                skip(while: isBlank)
                guard place < bytes.count, bytes[place] == UInt8(ascii: ";") else { break }
                place += 1
                skip(while: isBlank)
                let name = take { !isBlank($0) && !"=;,".utf8.contains($0) }
                skip(while: isBlank)
                guard place < bytes.count, bytes[place] == UInt8(ascii: "=") else { continue }
                place += 1
                skip(while: isBlank)
                let text = value()
                // One relation may have several names.
                if name.lowercased() == "rel" { link.relations += text.lowercased().split(on: " ").map(String.init) }
            }
            found.append(link)
        }
    }
}
