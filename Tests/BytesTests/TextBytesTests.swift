import Bytes
import Testing

/// Where the standard library sees a character, the kernel and Docker see bytes.
@Suite struct TextBytesTests {
    // An accent that is put on what is in front of it, and a joiner.
    private static let marks = ["\u{301}", "\u{200D}", "\u{FE0F}", "\u{E34}"]

    @Test(arguments: marks)
    func aSeparatorIsOneWhateverIsBehindIt(_ mark: String) {
        let text = "key=\(mark)a=\(mark)b"
        #expect(!text.contains("=" as Character))
        #expect(text.has("=") && text.until("=") == "key")
        #expect(text.split(on: "=").map(Array.init(utf8:)) == ["key", "\(mark)a", "\(mark)b"].map(Array.init(utf8:)))
        #expect(
            text.split(on: "=", maxSplits: 1).map(Array.init(utf8:))
                == ["key", "\(mark)a=\(mark)b"].map(Array.init(utf8:)))
        let place = text.place(of: "=")!
        #expect(text.behind(place).isSame(as: "\(mark)a=\(mark)b"))
        #expect(text[..<text.lastPlace(of: "=")!].isSame(as: "key=\(mark)a"))
        #expect("/\(mark)".begins(with: "/") && "/\(mark)".firstLetter == "/")
        #expect("/\(mark)".dropping(1).isSame(as: mark))
        #expect("a\(mark)/".ends(with: "/") && "a\(mark)/".droppingLast(1).isSame(as: "a\(mark)"))
    }

    @Test func normalFormsDiffer() {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        #expect(composed == decomposed && !composed.isSame(as: decomposed))
        #expect(decomposed.begins(with: "e") && !composed.begins(with: "e"))
        #expect(Set([ByteKey(composed), ByteKey(decomposed)]).count == 2)
    }

    @Test func keysAreTheirBytes() {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        var map: [ByteKey: String] = [ByteKey(composed): "1"]
        map[decomposed] = "2"
        #expect(map.count == 2 && map[composed] == "1" && map[decomposed] == "2" && map["e"] == nil)
        // "é" sorts behind "f" as a letter, and before it as an "e" with an accent.
        map["f"] = "3"
        #expect(map.names.map(Array.init(utf8:)) == [decomposed, "f", composed].map(Array.init(utf8:)))
        map[composed] = nil
        #expect(map.count == 2)
        #expect([composed].has(composed) && ![composed].has(decomposed))
    }

    @Test func wordsAreBetweenBlanks() {
        for (text, words) in [
            ("", []), (" \t\r", []), ("a", ["a"]), (" a\t\tb \r", ["a", "b"]),
            ("a\u{a0}b c\u{301}", ["a\u{a0}b", "c\u{301}"]),
        ] { #expect(text[...].words == words) }
    }

    @Test func whatIsNoUTF8IsNoText() {
        for text in ["", "a", "\u{e9}\u{10ffff}", "\u{fffd}", "a\0b", "a text of more than sixteen bytes \u{301}"] {
            #expect(String(utf8: Array(text.utf8)[...]).map { $0.isSame(as: text) } == true)
        }
        for bytes: [UInt8] in [[0xff], [0x61, 0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]] {
            #expect(String(utf8: bytes[...]) == nil && String(utf8: ([0x61] + bytes + [0x62])[1...]) == nil)
        }
        // The part alone counts.
        #expect(String(utf8: [0xff, 0x61, 0xff][1..<2]) == "a")
    }

    @Test func bytesAreFoundWithinBounds() {
        let bytes: [UInt8] = [1, 0, 2, 0]
        #expect(
            bytes.place(of: 0) == 1 && bytes.place(of: 0, from: 2) == 3 && bytes.place(of: 0, from: 2, to: 3) == nil)
        #expect(bytes.place(of: 3) == nil && bytes.place(of: 0, from: 9) == nil && bytes.place(of: 2, to: 99) == 2)
        #expect([UInt8]().place(of: 0) == nil)
    }

    @Test func linesEndWithLineFeedsAlone() {
        #expect("a\r\nb\n".split(on: "\n") == ["a\r", "b"])
    }

    @Test func partsAreThoseOfTheStandardLibrary() {
        for text in ["", "/", "a", "/a//b/", "//", "a/b/c"] {
            for maximum in [0, 1, 2, 9] {
                for omits in [false, true] {
                    let expected = text.split(separator: "/", maxSplits: maximum, omittingEmptySubsequences: omits)
                    let own = text.split(on: "/", maxSplits: maximum, omittingEmptySubsequences: omits)
                    #expect(own == expected, "\(text) \(maximum) \(omits)")
                }
            }
        }
        #expect("abc".dropping(9).isEmpty && "abc".droppingLast(9).isEmpty && "abc".droppingLast(1) == "ab")
        #expect(!"a".ends(with: "ba") && "ba".ends(with: "a") && "".begins(with: ""))
        #expect(
            "".isSame(as: "") && !"".isSame(as: "a") && "a".begins(with: "") && "a".ends(with: "")
                && !"".begins(with: "a"))
        // Longer than what a text has inside of itself.
        let long = "a text of more than sixteen bytes"
        #expect(
            long.begins(with: long[...]) && long[...].isSame(as: long)
                && long.dropping(2).begins(with: "text of more than"))
        #expect(
            long.ends(with: "more than sixteen bytes") && !long.ends(with: "more than sixteen byte") && !long.has("z"))
        #expect(long.place(of: "x").map { long.utf8.distance(from: long.startIndex, to: $0) } == 4)
        #expect(long.dropping(6).place(of: "a").map { long[$0...].isSame(as: "an sixteen bytes") } == true)
        #expect("".comes(before: "a") && !"a".comes(before: "") && !"a".comes(before: "a") && "a".comes(before: "ab"))
        #expect("a\u{7f}".comes(before: "a\u{80}") && !"b".comes(before: "ab"))
        var rest: Substring = "ab"
        #expect(rest.popLetter() == "a" && rest.popLetter() == "b" && rest.popLetter() == nil)
    }
}

extension Array where Element == UInt8 {
    fileprivate init(utf8 text: some StringProtocol) { self = Array(text.utf8) }
}

@Suite struct JoinedTextTests {
    @Test func textsAreJoined() {
        #expect([String]().joined(separator: ", ") == "")
        #expect(["a"].joined(separator: ", ") == "a")
        #expect(["a", "", "\u{301}é"].joined(separator: ", ").isSame(as: "a, , \u{301}é"))
        #expect(["a", "b"].joined(separator: "") == "ab")
    }
}
