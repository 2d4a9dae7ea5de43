import Build
import Bytes
import Dockerfile
import Errors
import Glibc
import Linux
import Testing

@testable import BuildDisplay

/// The whole of it, on a pipe and on a terminal.
@Suite struct DisplayTests {
    private static func pipe() throws -> (reading: CInt, writing: CInt) {
        var ends = try FileDescriptor.pipe()
        return (ends.takeFirst().release(), ends.takeSecond().release())
    }

    private static func readAll(_ descriptor: CInt) throws -> PendingCall<[UInt8]> {
        try begin { try FileDescriptor(owning: descriptor).readAll() }
    }

    private static func play(_ display: BuildDisplay, lineCount: Int) {
        display.show(.added(BuildStep(0, "RUN seq")))
        display.show(.started(0, .now()))
        let filling = String(repeating: ".", count: 900)
        for number in 1...lineCount {
            display.show(.output(0, .output, Array("line \(filling) \(number)\n".utf8), .now()))
        }
        display.show(.ended(0, .now(), .done))
    }

    @Test func plainLinesReachAReaderWhoTakesHisTime() throws {
        let ends = try Self.pipe()
        let display = try BuildDisplay(mode: .auto, to: ends.writing)
        let reader = try begin {
            let descriptor = FileDescriptor(owning: ends.reading)
            // Nothing is read until more than a pipe holds has been written.
            var poll = PollSet()
            poll.add(descriptor.rawValue)
            _ = try poll.wait()
            return try descriptor.readAll()
        }
        Self.play(display, lineCount: 10_000)
        display.finish(error: nil)
        close(ends.writing)
        let page = text(try reader.wait())
        #expect(page.begins(with: "#1 RUN seq\n#1 0."))
        let lines = page.split(on: "\n")
        #expect(lines.count == 10_002)
        #expect(lines[10_000].ends(with: " 10000") && lines[10_001].begins(with: "#1 DONE "))
    }

    @Test func aReaderWhoGoesAwayDoesNotEndTheBuild() throws {
        let ends = try Self.pipe()
        close(ends.reading)
        let display = try BuildDisplay(mode: .plain, to: ends.writing)
        Self.play(display, lineCount: 10_000)
        display.finish(error: nil)
        close(ends.writing)
    }

    @Test func aFailureIsReportedInEveryMode() throws {
        let error = BuildError("process \"false\"\u{1b}[2J did not complete successfully", step: 0)
        for mode in [ProgressMode.plain, .rawjson, .quiet] {
            let ends = try Self.pipe()
            let reader = try Self.readAll(ends.reading)
            let display = try BuildDisplay(mode: mode, to: ends.writing)
            display.show(.added(BuildStep(0, "RUN false")))
            display.show(.ended(0, .now(), .failed(error.message)))
            display.finish(error: error)
            close(ends.writing)
            let page = text(try reader.wait())
            let report =
                "ERROR: failed to build: failed to solve: process \"false\"\\x1b[2J did not complete successfully\n"
            #expect(page.ends(with: report))
            #expect((page == report) == (mode == .quiet))
        }
    }

    @Test func warningsAreToldAtTheEndAndExpandedWhereThatIsAskedFor() throws {
        let source = try SourceText(Array("FROM a\nCMD b\n".utf8))
        let excerpt = SourceExcerpt(source: source, name: "Dockerfile", lines: LineRange(2, 2))
        for (mode, isExpanded) in [(ProgressMode.plain, false), (.plain, true), (.quiet, false), (.rawjson, false)] {
            let ends = try Self.pipe()
            let reader = try Self.readAll(ends.reading)
            let display = try BuildDisplay(mode: mode, to: ends.writing, expandsWarnings: isExpanded)
            display.show(.warning(LintWarning(.jsonArgsRecommended, "odd", LineRange(2, 2)), excerpt: excerpt))
            display.finish(error: nil)
            close(ends.writing)
            let page = text(try reader.wait())
            switch (mode, isExpanded) {
            case (.plain, false):
                #expect(
                    page == "\n 1 warning found (use apus --debug to expand):\n - JSONArgsRecommended: odd (line 2)\n")
            case (.plain, true):
                #expect(page.begins(with: "\n 1 warning found:\n - JSONArgsRecommended: odd (line 2)\n"))
                #expect(page.ends(with: "   2 | >>> CMD b\n   3 |     \n--------------------\n\n"))
            case (.quiet, _): #expect(page == "")
            default: #expect(page.begins(with: "{\"warnings\":[{") && page.ends(with: "]}\n"))
            }
        }
    }

    private static func has(_ page: ArraySlice<UInt8>, _ text: String) -> Bool {
        page.indices.contains { page[$0...].starts(with: text.utf8) }
    }

    @Test func aTerminalEndsWithTheLastPicture() throws {
        let pair = try TerminalPair(FileDescriptor.open("/dev/ptmx", O_RDWR | O_NOCTTY))
        let (master, slave) = (try pair.master.duplicate().release(), try pair.slave.duplicate().release())
        Terminal.setSize(WindowSize(rows: 24, columns: 60), of: slave)
        let display = try BuildDisplay(mode: .auto, to: slave) { $0 == "NO_COLOR" ? "1" : nil }
        let reader = try begin {
            let descriptor = FileDescriptor(owning: master)
            var page: [UInt8] = []
            // The last bytes of the last picture.
            while !(page.ends(with: "\u{1b}[?25h") && Self.has(page.suffix(400), "(1/1) FINISHED")) {
                var chunk = [UInt8](repeating: 0, count: 4096)
                let count = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                page += chunk[..<count]
            }
            return page
        }
        Self.play(display, lineCount: 1000)
        display.finish(error: nil)
        close(slave)
        var screen = LogScreen(width: 60, height: 100)
        screen.write(try reader.wait())
        #expect(screen.lines.count == 2)
        #expect(screen.lines[1].begins(with: " => RUN seq "))
    }
}

extension [UInt8] {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
