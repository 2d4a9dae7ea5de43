import Bytes
import Glibc
import JSON
import Testing

@Suite struct JSONTreeDecoderTests {
    private struct Value: Decodable, Equatable {
        var text: String?
        var list: [String]?
        var map: [String: String]?
        var number: Int?
        var inner: Inner?
        var inners: [Inner]?

        struct Inner: Codable, Equatable {
            var a: Int?
            var b: Int?
        }
    }

    private func value(_ text: String) throws -> Value { try JSONTree.decode(from: Array(text.utf8)) }

    @Test func aMembersNameMayHaveAnyCase() throws {
        #expect(try value(#"{"TEXT": "x", "List": ["a"]}"#) == Value(text: "x", list: ["a"]))
        // Of names that are the same the last counts, whatever its case.
        #expect(try value(#"{"text": "x", "Text": "y"}"#).text == "y")
        // Names of a map are what they are.
        #expect(try value(#"{"map": {"A": "1", "a": "2"}}"#).map == ["A": "1", "a": "2"])
    }

    @Test func namesOfAMapAreTheirBytes() throws {
        struct Map: Codable { var map: [ByteKey: String] }
        let text = "{\"map\":{\"e\u{301}\":\"2\",\"f\":\"3\",\"\u{E9}\":\"1\"}}"
        let map = try JSONTree.decode(Map.self, from: Array(text.utf8))
        #expect(map.map.count == 3 && map.map["\u{E9}"] == "1" && map.map["e\u{301}"] == "2")
        // Written in the order of the bytes.
        #expect(try JSONTree(encoding: map).text().utf8.elementsEqual(text.utf8))
        var writer = JSONWriter.object()
        writer.write("map", map.map)
        #expect(writer.finished() == Array(text.utf8))
        #expect(JSONTree.strings(map.map).text().utf8.elementsEqual(text.utf8.dropFirst(7).dropLast()))
    }

    @Test func nullSaysNothing() throws {
        #expect(try value(#"{"text": null, "list": null, "map": null, "number": null, "inner": null}"#) == Value())
        #expect(try value(#"{"text": "x", "text": null}"#).text == "x")
        #expect(
            try value(#"{"list": ["a", null], "map": {"k": null}, "inners": [null]}"#)
                == Value(list: ["a", ""], map: ["k": ""], inners: [.init()]))
        #expect(try value("null") == Value())
    }

    @Test func ofSeveralMembersOfANameTheLastCountsAndObjectsAreMerged() throws {
        #expect(try value(#"{"number": 1, "number": 2}"#).number == 2)
        #expect(try value(#"{"inner": {"a": 1, "b": 2}, "inner": {"b": 3}}"#).inner == .init(a: 1, b: 3))
        #expect(try value(#"{"map": {"a": "1", "a": "2"}, "map": {"b": "3"}}"#).map == ["a": "2", "b": "3"])
        #expect(try value(#"{"list": ["a", "b"], "list": ["c"]}"#).list == ["c"])
    }

    /// Whether `body` takes ten seconds of this thread's own time at most: one is enough, unless all that there is is copied for each thing that
    /// comes.
    private func isLinear(_ body: () throws -> Void) rethrows -> Bool {
        func spent() -> Int {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return time.tv_sec
        }
        let start = spent()
        try body()
        return spent() - start < 10
    }

    /// A megabyte of a registry's.
    @Test func manyThousandMembersOfANameAreMerged() throws {
        let members = Array(repeating: #""map":{"a":"1"}"#, count: 60_000).joined(separator: ",")
        let text = #"{"map": {"b": "2"}, \#(members), "map": null, "MAP": {"c": "3"}, "inner": {}}"#
        var found: Value?
        #expect(try isLinear { found = try value(text) })
        #expect(found == Value(map: ["a": "1", "b": "2", "c": "3"], inner: .init()))
        // What is no object ends what was before it.
        #expect(try value(#"{"map": {"b": "2"}, "map": 1, "map": {"a": "1"}}"#).map == ["a": "1"])
        #expect(throws: JSONError("map", "is not an object")) { try value(#"{"map": {"b": "2"}, "map": 1}"#) }
    }

    /// As the configuration of an image may have them, which is written again where another is made of it.
    @Test func manyThousandElementsAndMembersAreWritten() throws {
        let list = [String](repeating: "x", count: 60_000)
        let map = Dictionary(uniqueKeysWithValues: (0..<60_000).map { (ByteKey("\($0)"), "") })
        var trees: [JSONTree] = []
        #expect(try isLinear { trees = [try JSONTree(encoding: list), try JSONTree(encoding: map)] })
        #expect(trees.first?.array?.count == list.count && trees.last?.members?.count == map.count)
    }

    @Test(arguments: [
        (#"{"number": "1"}"#, "number is not a number"),
        (#"{"number": 1.5}"#, "number is 1.5, which is not a whole number"),
        (#"{"number": 9223372036854775808}"#, "number is 9223372036854775808, which is not"),
        (#"{"map": {"k": 1}}"#, "map.k is not a text"), (#"{"inners": [{}, 3]}"#, "inners[1] is not an object"),
        (#"{"list": "a"}"#, "list is not a list"), ("[]", "the document is not an object"),
        ("{", "no valid JSON at line 1"),
    ])
    func whatHasAnotherTypeIsNamed(_ text: String, _ sentence: String) {
        do {
            _ = try value(text)
            Issue.record("no error for \(text)")
        } catch { #expect("\(error)".hasPrefix(sentence), "\(error)") }
    }

    @Test func whatATypeMustHaveIsMissed() {
        struct Strict: Decodable { var needed: String }
        for text in ["{}", #"{"needed": null}"#] {
            #expect(throws: JSONError("needed", "is missing")) {
                _ = try JSONTree.decode(Strict.self, from: Array(text.utf8))
            }
        }
    }

    @Test func whatIsEncodedIsReadBack() throws {
        struct Tree: Codable, Equatable {
            enum Kind: String, Codable { case one, two }
            enum Choice: Codable, Equatable { case none, path(String, depth: Int) }
            var kind: Kind
            var choices: [Choice]
            var maps: [String: [UInt64]]
            var flag: Bool
            var missing: String?
            var inner: Value.Inner
        }
        let tree = Tree(
            kind: .two, choices: [.none, .path("/a\"b\n", depth: -3)], maps: ["z": [.max], "a": []], flag: true,
            inner: .init(a: 1))
        let encoded = try JSONTree(encoding: tree)
        #expect(
            encoded.text() == #"{"choices":[{"none":{}},{"path":{"_0":"/a\"b\n","depth":-3}}],"flag":true,"#
                + #""inner":{"a":1},"kind":"two","maps":{"a":[],"z":[18446744073709551615]}}"#)
        #expect(try encoded.decode() == tree)
    }
}
