import Errors
import Linux
import Testing

@testable import BuildDisplay

@Suite struct TextTests {
    @Test func columnsAreThoseOfATerminal() {
        #expect(TextColumns.of("abc") == 3)
        #expect(TextColumns.of("日本") == 4)
        #expect(TextColumns.of("e\u{301}\u{200d}") == 1)
        #expect(TextColumns.of("ｱ") == 1 && TextColumns.of("Ａ") == 2)
        #expect(TextColumns.of("🚀") == 2 && TextColumns.of("한") == 2)
        #expect(TextColumns.cut("a日b", to: 2) == "a")
        #expect(TextColumns.cut("e\u{301}x", to: 1) == "e\u{301}")
        #expect(TextColumns.padded("日", to: 4) == "日  ")
    }

    static let sizes: [(Int64, String)] = [
        (0, "0B"), (999, "999B"), (1000, "1.00kB"), (12_380, "12.38kB"), (1_234_567, "1.23MB"), (.max, "9.22EB"),
        (.min, "-9.22EB"),
    ]

    @Test(arguments: sizes) func bytesAreInPowersOfThousand(_ count: Int64, _ text: String) {
        #expect(Figures.bytes(count) == text)
    }

    @Test func momentsHaveFourDigits() {
        #expect([0, 1.2345, 12.345, 123.45].map { Figures.moment($0) } == ["0.000", "1.234", "12.35", "123.5"])
        #expect(Figures.progress(5, of: 10) == "5B / 10B" && Figures.progress(5, of: 0) == "5B")
        #expect(Timestamp(seconds: 5).seconds(until: Timestamp(seconds: 3)) == 0)
        #expect(Timestamp(seconds: .min).seconds(until: Timestamp(seconds: .max)) > 1e18)
    }

    private func screen(_ text: String, width: Int = 10, height: Int = 3) -> [String] {
        var screen = LogScreen(width: width, height: height)
        // A sequence may be cut anywhere.
        for byte in text.utf8 { screen.write([byte]) }
        return screen.lines
    }

    @Test func aScreenDoesWhatTerminalsDo() {
        #expect(screen("one\ntwo\nthree\nfour") == ["two", "three", "four"])
        #expect(screen("progress 1\rprogress 2") == ["progress 2"])
        #expect(screen("0123456789ab") == ["0123456789", "ab"])
        #expect(screen("0123456789\nab") == ["0123456789", "ab"])
        #expect(screen("a\tb") == ["a       b"])
        #expect(screen("abc\u{8}\u{8}X") == ["aXc"])
        #expect(screen("\u{1b}[31mred\u{1b}[0m") == ["red"])
        #expect(screen("one\u{1b}[2Jtwo") == ["   two"])
        #expect(screen("one\rx\u{1b}[K") == ["x"])
        #expect(screen("one\ntwo\u{1b}[Ax") == ["onex", "two"])
        #expect(screen("\u{1b}]0;title\u{7}a\u{1b}]8;;link\u{1b}\\b\u{1b}(Bc") == ["abc"])
        #expect(screen("\u{1b}[3;4Hx\u{1b}[Hy") == ["y", "   x"])
        #expect(screen("a\u{1b}7bc\u{1b}8X") == ["aXc"])
        #expect(screen("日本語日本語") == ["日本語日本", "語"])
        #expect(screen("123456789日") == ["123456789", "日"])
        #expect(screen("日\rx") == ["x"])
        #expect(screen("e\u{301}a") == ["e\u{301}a"])
        #expect(screen("a\u{202e}b\u{9b}c\u{7}") == ["abc"])
        #expect(screen("日", width: 1) == [])
    }

    @Test func aScreenThatBecomesSmallerKeepsTheLastLines() {
        var screen = LogScreen(width: 10, height: 4)
        screen.write(Array("one\ntwo\nthree\n日本語日本".utf8))
        screen.resize(width: 5, height: 2)
        #expect(screen.lines == ["three", "日本"])
        screen.write(Array("\nx".utf8))
        #expect(screen.lines == ["日本", "x"])
        screen.resize(width: 8, height: 3)
        screen.write(Array("yz1234567".utf8))
        #expect(screen.lines == ["日本", "xyz12345", "67"])
    }

    @Test func bytesThatAreNoTextHaveASign() {
        var screen = LogScreen(width: 20, height: 1)
        screen.write([0x61, 0xff, 0xe6, 0x97, 0x62, 0xc3])
        screen.write([0xa9])
        #expect(screen.lines == ["a\u{fffd}\u{fffd}b\u{e9}"])
        #expect(SpokenText.output([0xff, 0x61, 0xc3], colored: true) == "\u{fffd}a\u{fffd}")
        #expect(SpokenText.output(Array("a\u{1b}[1;31mb".utf8), colored: true) == "a\u{1b}[1;31mb\u{1b}[0m")
        #expect(SpokenText.output(Array("a\u{1b}[1;31mb".utf8), colored: false) == "ab")
    }

    @Test func modesHaveNames() throws {
        #expect(try ProgressMode(named: "") == .auto && ProgressMode(named: "rawjson") == .rawjson)
        #expect(try ProgressMode(named: "none") == .quiet)
        #expect(throws: OptionError.self) { try ProgressMode(named: "Plain") }
        func mode(_ flag: String?, _ isQuiet: Bool, _ variable: String?) throws -> ProgressMode {
            try ProgressMode(flag: flag, isQuiet: isQuiet) { $0 == "BUILDKIT_PROGRESS" ? variable : nil }
        }
        #expect(try mode(nil, false, "plain") == .plain && mode("tty", false, "plain") == .tty)
        #expect(try mode("tty", true, nil) == .quiet && mode(nil, false, nil) == .auto)
        #expect(throws: OptionError.self) { try mode("x", true, nil) }
        #expect(try ProgressMode.auto.resolved(isTerminal: false) == .plain)
        #expect(throws: EngineError.self) { try ProgressMode.tty.resolved(isTerminal: false) }
    }
}
