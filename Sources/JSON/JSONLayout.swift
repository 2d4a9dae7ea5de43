/// The layout of JSON that is there already, as Go's `json.Indent` and `json.MarshalIndent` have it.
package enum JSONLayout {
    /// The document `bytes` with each member and element on a line of its own, each level one `unit` deeper; texts and numbers
    /// stay as they are written. With `escapesMarkup` the signs that mean something to a page are escapes, as in what Go encodes.
    /// Throws `JSONError` for what is no JSON.
    package static func indented(
        _ bytes: [UInt8], by unit: String, escapesMarkup: Bool = false
    ) throws(JSONError) -> [UInt8] {
        _ = try JSONTree.parse(bytes)
        var layout = Layout(unit: Array(unit.utf8), escapesMarkup: escapesMarkup)
        layout.write(bytes)
        return layout.output
    }

    private struct Layout {
        let unit: [UInt8]
        let escapesMarkup: Bool
        var output: [UInt8] = []
        var depth = 0

        // What follows has been parsed: brackets and quotes have their partners.
        mutating func write(_ bytes: [UInt8]) {
            var place = 0
            while place < bytes.count {
                let byte = bytes[place]
                place += 1
                switch byte {
                case 9, 10, 13, 32: break
                case UInt8(ascii: "\""): writeText(bytes, &place)
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    output.append(byte)
                    while place < bytes.count, [9, 10, 13, 32].contains(bytes[place]) { place += 1 }
                    if place < bytes.count, bytes[place] == UInt8(ascii: "}") || bytes[place] == UInt8(ascii: "]") {
                        output.append(bytes[place])
                        place += 1
                    } else {
                        depth += 1
                        breakLine()
                    }
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    breakLine()
                    output.append(byte)
                case UInt8(ascii: ","):
                    output.append(byte)
                    breakLine()
                case UInt8(ascii: ":"): output += [byte, 32]
                default: output.append(byte)
                }
            }
        }

        private mutating func writeText(_ bytes: [UInt8], _ place: inout Int) {
            output.append(UInt8(ascii: "\""))
            while place < bytes.count {
                let byte = bytes[place]
                place += 1
                switch byte {
                case UInt8(ascii: "\\") where place < bytes.count:
                    output += [byte, bytes[place]]
                    place += 1
                case UInt8(ascii: "<") where escapesMarkup: output += Array(#"\u003c"#.utf8)
                case UInt8(ascii: ">") where escapesMarkup: output += Array(#"\u003e"#.utf8)
                case UInt8(ascii: "&") where escapesMarkup: output += Array(#"\u0026"#.utf8)
                case 0xe2 where escapesMarkup && isLineSeparator(bytes, place):
                    output += Array(#"\u202"#.utf8) + [bytes[place + 1] == 0xa8 ? UInt8(ascii: "8") : UInt8(ascii: "9")]
                    place += 2
                default: output.append(byte)
                }
                if byte == UInt8(ascii: "\"") { return }
            }
        }

        // U+2028 and U+2029, which end a line of JavaScript.
        private func isLineSeparator(_ bytes: [UInt8], _ place: Int) -> Bool {
            place + 1 < bytes.count && bytes[place] == 0x80 && bytes[place + 1] & 0xfe == 0xa8
        }

        private mutating func breakLine() {
            output.append(10)
            for _ in 0..<depth { output += unit }
        }
    }
}
