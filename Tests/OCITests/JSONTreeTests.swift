import Testing

@testable import OCI

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
        "\"\u{1}\"", "[1]]", "{\"a\":1,}", "[,]", "\"\\u12\"", "+1", ".5",
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

    @Test func anObjectThatIsPassedOverIsFoundAgain() throws {
        let text = #"{"linux": {"seccomp": {"a": "}\"{", "b": [1, {}]}, "x": 1}, "annotations": {"seccomp": "text"}}"#
        let bytes = Array(text.utf8)
        let tree = try JSONTree.parse(bytes, passingOver: "seccomp")
        let range = try #require(tree["linux"]?["seccomp"]?.range)
        #expect(try JSONTree.parse(bytes, in: range)["b"]?.array?.count == 2)
        #expect(tree["annotations"]?["seccomp"]?.string == "text")
        #expect(tree["linux"]?["x"]?.integer == 1)
    }

    @Test func aSpecificationIsReadAsJSONDecoderReadsIt() throws {
        let text = """
            {"ociVersion": "1.2.0", "unknown": {"x": [1]}, "root": {"path": "rootfs", "readonly": true},
             "process": {"user": {"uid": 1, "gid": 2, "additionalGids": [3]}, "cwd": "/", "args": ["sh"],
              "rlimits": [{"type": "RLIMIT_CORE", "soft": 0, "hard": 18446744073709551615}]},
             "hooks": {"poststop": [{"path": "/bin/true", "timeout": 3}]},
             "linux": {"namespaces": [{"type": "pid"}, {"type": "time", "path": "/x"}],
              "timeOffsets": {"boottime": {"secs": -5}}, "sysctl": {"net.ipv4.ip_forward": "1"}}}
            """
        let spec: RuntimeSpec = try parse(text).decode(name: "config.json")
        #expect(spec.process?.rlimits?.first?.hard == .max)
        #expect(spec.process?.user.additionalGids == [3])
        #expect(spec.linux?.namespaces?.map(\.type) == [.pid, .time])
        #expect(spec.linux?.timeOffsets?["boottime"]?.secs == -5)
        #expect(spec.hooks?.poststop?.first?.timeout == 3)
        #expect(spec.root?.readonly == true && spec.hostname == nil)
    }

    @Test(arguments: [
        (#"{"ociVersion": 1}"#, "ociVersion"), (#"{}"#, "ociVersion"),
        (#"{"ociVersion": "1.0.0", "process": {"user": {"uid": -1, "gid": 0}, "cwd": "/"}}"#, "process.user.uid"),
        (#"{"ociVersion": "1.0.0", "linux": {"namespaces": [{"type": "nosuch"}]}}"#, "nosuch"),
        (#"{"ociVersion": "1.0.0", "mounts": [{"destination": "/", "options": ["ro", 3]}]}"#, "mounts[0].options[1]"),
    ])
    func aMistakeIsNamedByItsPlace(_ text: String, _ place: String) throws {
        let tree = try parse(text)
        let error = #expect(throws: JSONError.self) { _ = try tree.decode(RuntimeSpec.self, name: "config.json") }
        #expect(error?.description.contains(place) == true && error?.description.hasPrefix("config.json: ") == true)
    }
}
