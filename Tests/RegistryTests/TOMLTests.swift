import Registry
import Testing

@Suite struct TOMLTests {
    private func parse(_ text: String) throws(TOMLError) -> TOMLTree { try TOMLTree.parse(Array(text.utf8)) }

    private func value(_ text: String) throws -> TOMLTree? { try parse("a = " + text)["a"] }

    @Test(arguments: [
        (#""a\tb\"c\\d\u00e9\U0001F600""#, "a\tb\"c\\déꤑ".replacing("ꤑ", with: "\u{1F600}")),
        (#"'C:\no "escape"'"#, #"C:\no "escape""#), (#""""#, ""), ("''", ""),
        ("\"\"\"\nfirst\nsecond\"\"\"", "first\nsecond"), ("\"\"\"a \\\n\n   b\"\"\"", "a b"),
        ("\"\"\"\"quoted\"\"\"\"\"", "\"quoted\"\""), ("'''\r\n'a'\\n'''", "'a'\\n"), ("\"\"\"a\r\nb\"\"\"", "a\nb"),
    ])
    func readsTextsOfFourKinds(text: String, expected: String) throws {
        #expect(try value(text) == .string(expected))
    }

    @Test func readsTheOtherValues() throws {
        #expect(try value("true # so") == .bool(true))
        #expect(try value("false") == .bool(false))
        for text in ["12", "-1_000", "0xff", "6.5e+3", "inf", "1979-05-27T07:32:00Z"] {
            #expect(try value(text) == .other(text))
        }
        #expect(
            try value("[ 'a', # one\n\r\n  [true,\n],\n  'b' ,\n]")
                == .array([.string("a"), .array([.bool(true)]), .string("b")]))
        #expect(try value("{ b = 'c', \"d e\".f = [] }")?["d e"]?["f"] == .array([]))
        #expect(try value("{}") == .table([]))
    }

    /// A stack that is all that a thread has must do for the tree, however a document goes deeper: tables in braces, keys with dots, headers.
    @Test func countsTheLevelsOfAllKinds() throws {
        let dots = Array(repeating: "a", count: 40).joined(separator: ".")
        let inBraces = "\(dots) = {\(dots) = 1}\n"
        var tree: TOMLTree? = try parse("[\(dots)]\n" + inBraces)
        for _ in 0..<120 { tree = tree?["a"] }
        #expect(tree == .other("1"))
        // One behind the other they do not add up.
        _ = try parse(inBraces + "[b.\(dots)]\n" + inBraces + "[c.\(dots)]\n" + inBraces)
        for text in [
            "[\(dots)]\n\(dots) = {\(dots) = {\(dots) = 1}}", "\(dots) = [{\(dots) = [{\(dots) = [{\(dots) = 1}]}]}]",
            "[[\(dots)]]\n\(dots).\(dots).\(dots) = 1",
        ] {
            #expect(throws: TOMLError.self) { _ = try parse(text) }
        }
    }

    @Test func readsTables() throws {
        let tree = try parse(
            """
            \u{feff}top = 1
            [a.b]   # a table
            x.y = 'z'
            [[list]]
            n = 'one'
            [[list.inner]]
            m = true
            [list.table]
            [[list]]
              n = 'two'
            [a]
            "quoted key" = ''
            """.replacing("\n", with: "\r\n"))
        #expect(tree["top"] == .other("1"))
        #expect(tree["a"]?["b"]?["x"]?["y"] == .string("z"))
        #expect(tree["a"]?["quoted key"] == .string(""))
        guard case .array(let list) = tree["list"] else { throw TestProblem() }
        #expect(list.count == 2)
        #expect(list[0]["n"] == .string("one"))
        guard case .array(let inner) = list[0]["inner"] else { throw TestProblem() }
        #expect(inner[0]["m"] == .bool(true))
        #expect(list[1]["n"] == .string("two"))
        #expect(try parse("") == .table([]))
        #expect(try parse("# only") == .table([]))
    }

    private struct TestProblem: Error {}

    @Test(arguments: [
        ("\n\na", 3), ("a = ", 1), ("a = b", 1), ("a = 'x\n'", 1), ("a = \"x", 1), ("a = '''x\n\n", 3),
        ("a = [1\n2]", 2),
        ("a = 1\na = 2", 2), ("[a]\n[a]", 2), ("a = 1\n[a]", 2), ("a = {}\n[a.b]", 2), ("a.b = 1\n[a]", 2),
        ("[a\nb = 1", 1), ("[[a]\n", 1), ("a = 1 b = 2", 1), ("a = \"\\x\"", 1), ("a = \"\\ud800\"", 1),
        ("a = \"\\u+123\"", 1), ("a = \"\u{1}\"", 1), ("# \u{0}", 1), ("= 1", 1), ("a = {b = 1,\n}", 1), ("a b = 1", 1),
        ("a = []\n[[a]]", 2), ("a = yes", 1), ("a = 'x' # \u{7f}", 1), ("[]", 1), ("a..b = 1", 1),
    ])
    func saysInWhichLineItIsWrong(text: String, line: Int) {
        #expect { _ = try parse(text) } throws: { ($0 as? TOMLError)?.line == line }
    }

    @Test func endsWhatIsNestedWithoutEnd() {
        for text in [
            "a = " + String(repeating: "[", count: 100_000), "a = " + String(repeating: "{a=", count: 100_000),
            "[" + String(repeating: "a.", count: 100_000) + "b]",
        ] {
            #expect(throws: TOMLError.self) { _ = try parse(text) }
        }
    }

    @Test func takesManyTables() throws {
        let text = (0..<20_000).map { "[[registry]]\nprefix = 'host\($0).example.com/some/where'\n" }.joined()
        guard case .array(let list) = try parse(text)["registry"] else { throw TestProblem() }
        #expect(list.count == 20_000)
    }

    @Test func takesAnyBytes() {
        var state: UInt64 = 42
        for _ in 0..<2000 {
            var bytes = Array("[a]\nb = [\"c\", 'd']\n[[e]]\nf = {g = true}\n".utf8)
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 24)
            }
            // What comes of it does not matter, only that something does.
            _ = Result { try TOMLTree.parse(bytes) }
        }
    }
}
