import Testing

@testable import JSON

@Suite struct JSONTreeTests {
    private func parse(_ text: String) throws -> JSONTree { try JSONTree.parse(Array(text.utf8)) }

    @Test func valuesOfEveryKindAreRead() throws {
        let tree = try parse(#" {"a": [1, -2.5e3, true, false, null], "b": {"c": "d"}} "#)
        #expect(
            tree["a"] == .array([.number("1"), .number("-2.5e3"), .bool(true), .bool(false), .null]))
        #expect(tree["b"]?["c"]?.string == "d")
    }

    @Test func textsAreUnescaped() throws {
        #expect(try parse(#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#) == .string("a\"\\/\u{8}\u{c}\n\r\té😀"))
        #expect(try parse(#""\ud800x""#) == .string("\u{fffd}x"))
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let tree = JSONTree.record([
            ("text", .string("a\"\\\n\u{1}é")), ("list", .array([.integer(1), .null])), ("nothing", .array([])),
            ("object", .record([("x", .bool(true))])), ("left out", nil),
        ])
        for indent in [nil, 2] { #expect(try parse(tree.text(indent: indent)) == tree) }
    }

    @Test(arguments: [
        "", "{", "[1,", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "1.", "1e", "-", "tru", "nul", "\"a", "\"\\x\"",
        "\"\u{1}\"", "[1]]", "{\"a\":1,}", "[,]", "\"\\u12\"", "\"\\u+12f\"", "\"\\u-12f\"", "\"\\ud800\\u+12f\"", "+1",
        ".5",
    ])
    func whatIsNoJSONIsRefused(_ text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test func nestingHasALimit() throws {
        _ = try parse(String(repeating: "[", count: 100) + String(repeating: "]", count: 100))
        #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 100_000)) }
    }

    @Test func largeNumbersKeepTheirDigits() throws {
        struct Limits: Decodable, Equatable { var soft: UInt64, hard: UInt64, low: Int64 }
        let tree = try parse(#"{"soft": 18446744073709551615, "hard": 1.0, "low": -9223372036854775808}"#)
        #expect(try tree.decode(name: "x") == Limits(soft: .max, hard: 1, low: .min))
    }

    @Test func aFieldIsFoundAsGoFindsIt() throws {
        let tree = try parse(
            #"{"Text": "x", "TEXT": null, "inner": {"a": 1}, "Inner": {"B": 2}, "n": null, "\u017ftatuS": 3, "\u212aey": 4}"#
        )
        #expect(tree["text"]?.string == "x" && tree["n"] == .null && tree["nothing"] == nil)
        #expect(tree["inner"]?["a"]?.integer == 1 && tree["inner"]?["b"]?.integer == 2)
        #expect(tree["status"]?.integer == 3 && tree["key"]?.integer == 4 && tree["\u{E9}"] == nil)
        // Of a map the names are what they are.
        let map = try parse("{\"A\": 1, \"\u{E9}\": 2, \"e\u{301}\": 3}")
        #expect(map[key: "a"] == nil && map[key: "A"]?.integer == 1)
        #expect(map[key: "\u{E9}"]?.integer == 2 && map[key: "e\u{301}"]?.integer == 3)
    }

    @Test func aFieldThatIsSetIsThereOnce() throws {
        var tree = try parse(#"{"a": 1, "A": 2, "b": 3}"#)
        tree["a"] = .integer(9)
        #expect(tree.text() == #"{"A":9,"b":3}"#)
        tree["c"] = .integer(4)
        tree["B"] = nil
        #expect(tree.text() == #"{"A":9,"c":4}"#)
        tree[key: "a"] = .integer(1)
        tree[key: "C"] = nil
        #expect(tree.text() == #"{"A":9,"c":4,"a":1}"#)
    }

    @Test func anObjectThatIsPassedOverIsFoundAgain() throws {
        let text = #"{"linux": {"seccomp": {"a": "}\"{", "b": [1, {}]}, "x": 1}, "annotations": {"seccomp": "text"}}"#
        let bytes = Array(text.utf8)
        let tree = try JSONTree.parse(bytes, passingOver: "seccomp")
        let range = try #require(tree["linux"]?["seccomp"]?.range)
        #expect(try JSONTree.parse(bytes, in: range)["b"]?.array?.count == 2)
        #expect(tree["annotations"]?["seccomp"]?.string == "text")
        #expect(tree["linux"]?["x"]?.integer == 1)
        for name in ["Seccomp", "SECCOMP", "\u{17f}eccomp"] {
            let other = try JSONTree.parse(Array("{\"\(name)\": {\"a\": 1}}".utf8), passingOver: "seccomp")
            #expect(other["seccomp"]?.range != nil, "\(name)")
        }
    }
}
