import JSON
import Testing

@Suite struct JSONLayoutTests {
    private func text(_ json: String, _ unit: String = "\t", escapes: Bool = false) throws -> String {
        String(
            decoding: try JSONLayout.indented(Array(json.utf8), by: unit, escapesMarkup: escapes), as: UTF8.self)
    }

    @Test func eachMemberHasALineAndNumbersAndTextsStayAsTheyAre() throws {
        #expect(
            try text(#" {"a" :1.50,"b":[ {} ,[],{"c":"x,:[{\"}"}], "d":null}"#)
                == "{\n\t\"a\": 1.50,\n\t\"b\": [\n\t\t{},\n\t\t[],\n\t\t{\n\t\t\t\"c\": \"x,:[{\\\"}\"\n\t\t}\n\t],\n\t\"d\": null\n}"
        )
        #expect(try text("[1,2]", "  ") == "[\n  1,\n  2\n]")
        #expect(try text(#""a\\""#) == #""a\\""#)
        #expect(try text("{ }") == "{}")
    }

    @Test func whatMeansSomethingToAPageIsEscapedWhereThatIsWanted() throws {
        let given = "[\"<&>\u{2028}é\u{2029}\"]"
        #expect(try text(given, escapes: true) == "[\n\t\"\\u003c\\u0026\\u003e\\u2028é\\u2029\"\n]")
        #expect(try text(given) == "[\n\t\"<&>\u{2028}é\u{2029}\"\n]")
    }

    @Test(arguments: ["", "{", "[1,]", "{\"a\":1}}", "\"a", "[1] 2"])
    func whatIsNoJSONIsRefused(_ given: String) {
        #expect(throws: JSONError.self) { try text(given) }
    }
}
