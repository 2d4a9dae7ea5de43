import Errors
import Testing

@testable import ContainerSpec

@Suite struct EnvironmentTests {
    private func caller(_ name: String) -> String? { ["HOME": "/home/me", "EMPTY": ""][name] }

    @Test func aNameAloneTakesTheCallersValue() throws {
        #expect(try Environment.variable("A=b", caller: caller) == "A=b")
        #expect(try Environment.variable("A=", caller: caller) == "A=")
        #expect(try Environment.variable("A=b=c", caller: caller) == "A=b=c")
        #expect(try Environment.variable("HOME", caller: caller) == "HOME=/home/me")
        #expect(try Environment.variable("EMPTY", caller: caller) == "EMPTY=")
        #expect(try Environment.variable("UNSET", caller: caller) == "UNSET")
        #expect(throws: OptionError.self) { try Environment.variable("=x", caller: caller) }
        #expect(throws: OptionError.self) { try Environment.variable("", caller: caller) }
    }

    private func file(_ text: String) throws -> [String] {
        try Environment.variables(inFile: Array(text.utf8), name: "f", caller: caller)
    }

    @Test func environmentFilesAreTakenLiterally() throws {
        #expect(
            try file("\u{FEFF}A=1\n\n# comment\n  # indented\n  B= two words \nC=\"q\"\nD=x#y\r\nHOME\nUNSET\nE=")
                == ["A=1", "B= two words ", "C=\"q\"", "D=x#y", "HOME=/home/me", "E="])
        #expect(try file("") == [])
        #expect(try file("A=1\nA=2") == ["A=1", "A=2"])
    }

    @Test func environmentFilesWithoutSenseAreRefused() {
        #expect(throws: OptionError.usage("invalid env file (f): no variable name on line '=x'")) { try file("=x") }
        #expect(throws: OptionError.usage("invalid env file (f): variable 'A B' contains whitespaces")) {
            try file("A B=c")
        }
        #expect(throws: OptionError.usage("invalid env file (f): variable 'A ' contains whitespaces")) {
            try file("A =c")
        }
        #expect(throws: OptionError.usage("invalid env file (f): invalid utf8 bytes at line 2: [65 61 255]")) {
            try Environment.variables(inFile: [65, 61, 10, 65, 61, 0xFF], name: "f", caller: caller)
        }
    }

    @Test func labelsMayLackAValue() throws {
        #expect(try Environment.label("a=b") == ("a", "b"))
        #expect(try Environment.label("a") == ("a", ""))
        #expect(throws: OptionError("invalid label '=b': empty name")) { try Environment.label("=b") }
        let labels = try Environment.labels(inFile: Array("a=1\n#x\nb\n".utf8), name: "f")
        #expect(labels.map(\.0) == ["a", "b"] && labels.map(\.1) == ["1", ""])
    }

    @Test func overridesReplaceInPlaceAndRemove() {
        #expect(Environment.merged(["A=1", "B=2", "AB=3"], ["B=x", "A", "C=y", "D"]) == ["B=x", "AB=3", "C=y"])
    }
}
