import Build
import Bytes
import Dockerfile
import Linux
import Testing

@testable import BuildDisplay

@Suite struct TerminalViewTests {
    private var view = TerminalView()
    private var screen = LogScreen(width: 80, height: 100)

    private mutating func add(_ names: [String]) {
        for (number, name) in names.enumerated() {
            view.note(.added(BuildStep(number, name)), at: .after(0))
            view.note(.started(number, moment(0)), at: .after(0))
        }
    }

    private mutating func write(_ number: Int, _ text: String) {
        view.note(.output(number, .output, Array(text.utf8), moment(1)), at: .after(1))
    }

    private mutating func picture(rows: UInt16 = 24, columns: UInt16 = 80, at seconds: Double = 2) -> [String] {
        screen.resize(width: Int(columns), height: 100)
        screen.write(view.update(at: .after(seconds, rows: rows, columns: columns)))
        return screen.lines
    }

    @Test mutating func aRunningStepHasItsLastSixLinesBelowIt() {
        add(["RUN make"])
        write(0, (1...9).map { "line \($0)\n" }.joined())
        let time = "                                                               2.0s"
        #expect(
            picture() == ["[+] Building 2.0s (0/1)", " => RUN make" + time]
                + (4...9).map { " => => # line \($0)" })
        write(0, "10%\r20%")
        #expect(picture().last == " => => # 20%")
        view.note(.ended(0, moment(2), .done), at: .after(2))
        #expect(picture().count == 2)
    }

    @Test mutating func whatRunsStaysInAPictureThatHasNoRoomForAll() {
        add((0..<20).map { "step \($0)" })
        for number in 0..<20 where number != 3 {
            view.note(.ended(number, moment(1), .done), at: .after(1))
        }
        let lines = picture(rows: 10)
        #expect(lines.count == 9)
        #expect(lines[1].begins(with: " => step 3 "))
        #expect(lines[2].begins(with: " => step 13 "))
        #expect(lines[8].begins(with: " => step 19 "))
    }

    @Test mutating func aFailureLeavesAllLinesOfItsStep() {
        add(["good", "bad"])
        write(0, "unseen\n")
        write(1, "10%\r20%\r100%\r\n\u{1b}[31mred\u{1b}[0m\u{1b}[2Jand\u{7} more")
        view.note(.ended(0, moment(1), .done), at: .after(1))
        view.note(.ended(1, moment(1), .failed("exit code: 1")), at: .after(1))
        let page = text(view.close(at: .after(1)))
        #expect(page.has("\u{1b}"))
        let report = "------\n > bad:\n1.000 100%\n1.000 \u{1b}[31mred\u{1b}[0mand more\u{1b}[0m\n------\n"
        #expect(page.ends(with: report))
        #expect(page.split(on: "\n").contains { $0.begins(with: "\u{1b}[31m => ERROR bad ") })
    }

    @Test mutating func colorsSayHowAStepEnded() {
        add(["done", "cached", "cancelled", "running"])
        view.note(.ended(0, moment(1), .done), at: .after(1))
        view.note(.ended(1, moment(1), .cached), at: .after(1))
        view.note(.ended(2, moment(1), .cancelled), at: .after(1))
        let lines = text(view.update(at: .after(1))).split(on: "\n").map { String($0) }
        #expect(lines[1].begins(with: "\u{1b}[34m => done "))
        #expect(lines[2].begins(with: "\u{1b}[34m => CACHED cached "))
        #expect(lines[3].begins(with: "\u{1b}[33m => CANCELED cancelled "))
        #expect(lines[4].begins(with: " => running "))
    }

    @Test mutating func aNarrowerTerminalHasBrokenTheLines() {
        add(["one"])
        _ = view.update(at: .after(1, columns: 80))
        // 23 columns of heading and 79 of the step: on 40 columns these are one line and two.
        #expect(text(view.update(at: .after(1, columns: 40))).begins(with: "\u{1b}[?25l\u{1b}[3A\r"))
        #expect(text(view.update(at: .after(1, columns: 80))).begins(with: "\u{1b}[?25l\u{1b}[2A\r"))
    }

    @Test mutating func namesOfOthersDoNotMoveTheCursor() {
        add(["RUN echo \u{1b}[2J\u{9b}A\tb\nc\u{202e}"])
        let page = picture()
        #expect(page[1].begins(with: " => RUN echo \\x1b[2J\\u009bA b\\nc\\u202e "))
    }

    @Test mutating func wideLettersTakeTwoColumns() {
        add([String(repeating: "語", count: 60)])
        let page = picture()
        #expect(TextColumns.of(page[1]) == 79)
        #expect(page[1].ends(with: " 2.0s"))
    }

    @Test func onlyARowThatSaysSomethingIsShown() {
        #expect(FrameText(width: 22).row("name", figure: "", seconds: 1) == nil)
        #expect(FrameText(width: 23).row("a long name", figure: "", seconds: 1) == " => a long name   1.0s")
        #expect(
            FrameText(width: 40).row("transfer", figure: "1.00MB", seconds: 1)
                == " => transfer 1.00MB                1.0s")
    }

    @Test func linesOfProgramsHaveTheRoomThatStepsLeave() {
        func shown(_ count: Int, height: Int) -> [Int] {
            let candidates = (0..<count).map { FrameLogs.Candidate(number: $0, byteCount: 10 * $0, shownCount: 0) }
            return FrameLogs.shown(candidates, runningCount: count, height: height, lineCount: 6)
        }
        #expect(shown(1, height: 12) == [])
        #expect(shown(1, height: 13) == [0])
        #expect(shown(3, height: 24) == [2, 1])
        #expect(shown(3, height: 100) == [2, 1, 0])
        #expect(FrameLogs.lineCount(height: 24, wanted: 6) == 6)
        #expect(FrameLogs.lineCount(height: 24, wanted: 100) == 17)
        #expect(FrameLogs.lineCount(height: 5, wanted: 100) == 6)
        #expect(FrameLogs.lineCount(height: 24, wanted: 2) == 2)
    }

    @Test mutating func muchOutputIsNotKept() {
        var log = StepLog(width: 70, height: 6)
        let filling = String(repeating: ".", count: 400)
        for number in 0..<10_000 { log.append(Array("\(filling)\n\(number)\n".utf8), seconds: 1) }
        let report = log.report(colored: false)
        #expect(report.utf8.count < 4 << 20)
        #expect(report.begins(with: "[the first ") && report.ends(with: " 9999\n"))
        log.draw(width: 70, height: 6)
        #expect(log.screen.lines.last == "9999")
    }

    @Test func colorsAreThoseThatAreAskedFor() {
        func colors(_ variables: [String: String]) -> BuildColors { BuildColors { variables[$0] } }
        #expect(colors(["NO_COLOR": "1", "BUILDKIT_COLORS": "run=red"]).done == "")
        #expect(colors(["NO_COLOR": ""]).done == "\u{1b}[34m")
        let mixed = colors(["BUILDKIT_COLORS": "run=Light-Green:error=255,0,1:cancel=256,0,0:x=red:warning"])
        #expect(mixed.done == "\u{1b}[92m" && mixed.failed == "\u{1b}[38;2;255;0;1m")
        #expect(mixed.cancelled == "\u{1b}[33m" && mixed.complaints.count == 3)
    }
}
