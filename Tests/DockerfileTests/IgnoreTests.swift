import Testing

@testable import Dockerfile

@Suite struct IgnoreTests {
    @Test(arguments: [
        ("*\n!d/g/h", "d", false), ("*\n!d/g/h", "d/g", false), ("*\n!d/g/h", "d/x", true), ("*\n!d/g/h", "e", true),
        ("*\n!d/**/x", "d/y/z", false), ("*\n!d/*/x", "d/y", false), ("*\n!d/*/x", "d/y/z", true),
        ("*\n!**/x", "any", false),
        ("*\n!foo**", "fo", true), ("*\n!foo**", "foo2", false), ("*\n!foo/**", "foo/bar/baz", false),
        ("*\n!foo/**", "bar", true), ("d", "d", true),
    ])
    func directoriesArePrunedWhereNothingBelowIsKept(_ patterns: String, _ path: String, _ isPruned: Bool) throws {
        #expect(try IgnoreMatcher(Array(patterns.utf8)).prunes(Array(path.utf8)[...]) == isPruned)
    }

    @Test func namesAreBytes() throws {
        let matcher = try IgnoreMatcher([0x63, 0xff, 10, 0x64, 0x3f, 10])
        #expect(matcher.ignores([0x63, 0xff]))
        #expect(matcher.ignores([0x64, 0xff]))
        #expect(!matcher.ignores([0x63, 0xfe]))
        #expect(matcher.ignores(Array("dé".utf8)))
    }

    @Test func entriesNeedTheirDirectoryAlone() throws {
        let matcher = try IgnoreMatcher(Array("d/*\n!d/g\nd/g/h\n".utf8))
        let d = matcher.ignores(Array("d".utf8)[...], in: .root)
        let g = matcher.ignores(Array("d/g".utf8)[...], in: d.directory)
        #expect(!d.isIgnored && !g.isIgnored)
        #expect(matcher.ignores(Array("d/g/h".utf8)[...], in: g.directory).isIgnored)
        #expect(!matcher.ignores(Array("d/g/i".utf8)[...], in: g.directory).isIgnored)
    }

    @Test func hostilePatternsTakeNoTime() throws {
        let matcher = try IgnoreMatcher(Array(String(repeating: "*a", count: 500).utf8))
        #expect(!matcher.ignores(Array(repeating: 97, count: 499) + [98]))
        let pattern = "${v//" + String(repeating: "*a", count: 200) + "b/}"
        var variables = Variables()
        variables["v"] = String(repeating: "a", count: 1000)
        #expect(try Expansion(pattern, variables).text == variables["v"])
    }

    @Test func boundsHold() {
        #expect(throws: DockerfileError.self) {
            try IgnoreMatcher(Array(String(repeating: "a\n", count: IgnoreMatcher.patternLimit + 1).utf8))
        }
        #expect(throws: DockerfileError.self) {
            try IgnoreMatcher(Array(repeating: 97, count: IgnoreMatcher.lengthLimit + 1))
        }
    }
}
