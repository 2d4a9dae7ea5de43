import JSON
import Testing

/// The same texts for the parser of documents and for the scanner of lines: both read escapes alike.
@Suite struct JSONScannerTests {
    private func scanned(_ json: String) -> String? {
        Array(json.utf8).withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            return scanner.string()
        }
    }

    @Test(arguments: [
        (#""""#, ""), (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u00E9\u0000""#, "éé\0"),
        (#""\ud83d\ude00""#, "😀"), (#""\uD83D\uDE00x""#, "😀x"), (#""\uffff""#, "\u{ffff}"),
        (#""\udbff\udfff""#, "\u{10ffff}"),
        // Halves of pairs.
        (#""\ud800""#, "\u{fffd}"), (#""\ud800x""#, "\u{fffd}x"), (#""\ude00""#, "\u{fffd}"),
        (#""\ud800\u0041""#, "\u{fffd}A"), (#""\ud800\n""#, "\u{fffd}\n"), (#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
        (#""\ud800\ud800""#, "\u{fffd}\u{fffd}"),
    ])
    func escapesStandForWhatGoReads(_ json: String, _ text: String) throws {
        #expect(scanned(json) == text)
        #expect(try JSONTree.parse(Array(json.utf8)) == .string(text))
    }

    @Test(arguments: [
        #""\u+12f""#, #""\u-12f""#, #""\u 12f""#, #""\u12""#, #""\u12"#, #""\u"#, #""\"#, #""\x41""#, #""\'""#,
        #""\U0041""#,
        #""\ud800\u+12f""#, #""\ud800\u""#, "\"\\\n\"", "\"\t\"", "\"\u{0}\"", #""open"#,
    ])
    func whatIsNoTextIsRefusedEverywhere(_ json: String) {
        #expect(scanned(json) == nil)
        #expect(throws: JSONError.self) { try JSONTree.parse(Array(json.utf8)) }
    }

    private func isPassed(_ json: String) -> Bool {
        Array(json.utf8).withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            return scanner.skipValue()
        }
    }

    @Test func valuesOfEveryKindArePassed() {
        for json in [#""a""#, "1.5e3", "true", "null", "[]", "{}", #"[1,{"a":[null,"]"]}]"#] { #expect(isPassed(json)) }
        for json in ["", "[1", "[1}", #"{"a"}"#, "{1:2}", #"["\u+12f"]"#] { #expect(!isPassed(json)) }
    }

    @Test func nestingHasALimit() {
        #expect(isPassed(String(repeating: "[", count: 100) + String(repeating: "]", count: 100)))
        #expect(!isPassed(String(repeating: "[", count: 1_000_000)))
        #expect(!isPassed(String(repeating: #"{"a":"#, count: 1_000_000)))
    }

    @Test func aPlainTextHasNoEscapes() {
        func plain(_ json: String) -> String? {
            Array(json.utf8).withUnsafeBufferPointer { bytes in
                var scanner = JSONScanner(bytes)
                return scanner.plainText().map { String(decoding: $0, as: UTF8.self) }
            }
        }
        #expect(plain(#" "abc" "#) == "abc" && plain(#""""#) == "")
        #expect(plain(#""a\n""#) == nil && plain(#""abc"#) == nil && plain("abc") == nil)
    }
}
