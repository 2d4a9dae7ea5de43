import Bytes
import JSON
import Testing

@Suite struct JSONWriterTests {
    private func text(_ value: String, _ escaping: JSONEscaping) -> String {
        var bytes: [UInt8] = []
        JSONText.append(value, escaping, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    // What Go 1.24 prints: json.Marshal (markup), an encoder after SetEscapeHTML(false) (plain), and what the daemon's
    // json-file has (logLine).
    @Test(arguments: [
        ("a\"\\/", #""a\"\\/""#, #""a\"\\/""#, #""a\"\\/""#),
        ("<&>", #""<&>""#, #""\u003c\u0026\u003e""#, #""\u003c\u0026\u003e""#),
        ("\n\r\t", #""\n\r\t""#, #""\n\r\t""#, #""\n\r\u0009""#),
        ("\u{8}\u{c}", #""\b\f""#, #""\b\f""#, #""\u0008\u000c""#),
        ("\u{0}\u{1f}\u{7f}", "\"\\u0000\\u001f\u{7f}\"", "\"\\u0000\\u001f\u{7f}\"", "\"\\u0000\\u001f\u{7f}\""),
        ("é\u{2028}\u{2029}😀", #""é\u2028\u2029😀""#, #""é\u2028\u2029😀""#, #""é\u2028\u2029😀""#),
    ])
    func textsAreEscapedAsInGo(_ value: String, _ plain: String, _ markup: String, _ logLine: String) {
        #expect(text(value, .plain) == plain)
        #expect(text(value, .markup) == markup)
        #expect(text(value, .logLine) == logLine)
    }

    @Test(
        arguments: [
            ([0x61, 0xff, 0x62], #"a\ufffdb"#), ([0xe2, 0x80], #"\ufffd\ufffd"#), ([0xc0, 0xaf], #"\ufffd\ufffd"#),
            ([0xed, 0xa0, 0x80], #"\ufffd\ufffd\ufffd"#), ([0xf4, 0x90, 0x80, 0x80], #"\ufffd\ufffd\ufffd\ufffd"#),
        ] as [([UInt8], String)])
    func bytesThatAreNoUTF8AreReplacedOneByOne(_ bytes: [UInt8], _ escaped: String) {
        var result: [UInt8] = []
        let isValid = bytes.withUnsafeBufferPointer { JSONText.appendEscaped($0, .plain, to: &result) }
        #expect(!isValid && String(decoding: result, as: UTF8.self) == escaped)
    }

    @Test func membersAndElementsAreSeparated() {
        var writer = JSONWriter.object()
        writer.write("text", "a")
        writer.write("none", String?.none)
        writer.write("flag", true)
        writer.write("number", Int64.min)
        writer.write("list", ["x", "y"])
        writer.write("empty", [String]())
        writer.write("map", ["b": "2", "a": "1"])
        writer.write("object") { $0.write("inner") { _ in } }
        writer.write("json", json: Array("[1]".utf8))
        #expect(
            String(decoding: writer.finished(), as: UTF8.self)
                == #"{"text":"a","flag":true,"number":-9223372036854775808,"list":["x","y"],"empty":[],"#
                + #""map":{"a":"1","b":"2"},"object":{"inner":{}},"json":[1]}"#)
    }

    @Test func listsOfObjectsAreIndented() {
        var writer = JSONWriter(indent: 2)
        writer.beginArray()
        for number in 1...2 {
            writer.beginObject()
            writer.write("n", number)
            writer.endObject()
        }
        writer.beginObject()
        writer.endObject()
        writer.endArray()
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == "[\n  {\n    \"n\": 1\n  },\n  {\n    \"n\": 2\n  },\n  {}\n]")
    }
}
