import Errors
import Testing

@testable import Build

@Suite struct CopyPatternTests {
    @Test(arguments: [
        ("*.txt", "a.txt", true), ("*.txt", "d/a.txt", false), ("*", ".hidden", true), ("a?c", "abc", true),
        ("a?c", "a/c", false), ("*/x", "d/x", true), ("*/x", "d/e/x", false), ("[a-c]1", "b1", true),
        ("[^a-c]1", "b1", false), ("[^a-c]1", "d1", true), ("we[[]ird", "we[ird", true), ("\\*", "*", true),
        ("\\*", "a", false), ("*a*b*c", "xaybzc", true), ("*a*b*c", "xaybz", false), ("é?", "éö", true),
        ("", "a", false),
        ("a*b/*c", "axb/yc", true), ("a*b/*c", "axb/yd", false), ("*", "", true),
    ])
    func matchesAsGo(_ pattern: String, _ path: String, _ expected: Bool) throws {
        #expect(try PathPattern(Array(pattern.utf8)).matches(Array(path.utf8)) == expected)
    }

    @Test(arguments: ["we[ird", "[", "[]", "[a-]", "a\\", "[^", "[-a]"])
    func refusesWhatDoesNotEnd(_ pattern: String) {
        #expect(throws: EngineError.self) { try PathPattern(Array(pattern.utf8)) }
    }

    @Test func takesTimeByProductOfLengths() throws {
        let pattern = String(repeating: "*a", count: 40) + "b"
        #expect(try !PathPattern(Array(pattern.utf8)).matches(Array(String(repeating: "a", count: 4000).utf8)))
    }

    @Test(arguments: [
        ("0644", 0o644), ("7", 0o007), ("1777", 0o1777), ("u=rwX,go=rX", 0o644), ("a+x", 0o755), ("u+s,g-w,o=", 0o4640),
        ("g=u", 0o664), ("+t", 0o1644), ("u-w+x", 0o544), ("o=g,u=", 0o044),
    ])
    func changesModesOfFiles(_ text: String, _ expected: UInt32) throws {
        #expect(try ModeChange(text).applied(to: 0o644, isDirectory: false) == expected)
    }

    @Test func changesModesOfDirectories() throws {
        #expect(try ModeChange("u=rwX,go=rX").applied(to: 0o2700, isDirectory: true) == 0o2755)
        #expect(try ModeChange("a-x,a+X").applied(to: 0o755, isDirectory: true) == 0o755)
        #expect(try ModeChange("a-x,a+X").applied(to: 0o755, isDirectory: false) == 0o644)
    }

    @Test(arguments: ["99", "10000", "foo", "u", "", "u=rwX,", "0x1", "u=q", "-1"])
    func refusesOtherModes(_ text: String) {
        // "-1" takes nothing away, since 1 is no letter of chmod.
        #expect(throws: EngineError.self) { try ModeChange(text) }
    }
}
