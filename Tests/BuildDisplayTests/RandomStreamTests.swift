import Build
import Bytes
import Dockerfile
import Linux
import Testing

@testable import BuildDisplay

/// Events in any order, with any content: what is said of a build comes from Dockerfiles and programs.
@Suite struct RandomStreamTests {
    /// The same numbers each time.
    struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state ^ (state >> 33)) &* 0xff51_afd7_ed55_8ccd
        }
    }

    private static let pieces: [String] = [
        "a", "line\n", "\r", "\t", "日本語", "e\u{301}\u{302}", "👨‍👩‍👧", "\u{1b}[3A", "\u{1b}[2J", "\u{1b}[K", "\u{1b}[5;99H",
        "\u{1b}[31m", "\u{1b}",
        "[", "\u{8}\u{8}", "\u{1b}]0;t", "\u{7}", "\u{9b}", "\u{202e}", "⚠\u{fe0f}", "\n\n\n\n\n\n\n\n",
        "0123456789012345678901234567890123456789",
        "\u{1b}[999999999999999999C", "\u{ad}", "\u{1b}7", "\u{1b}8", "\u{1b}[1J", "\u{1b}[1K", "\u{1b}[2D",
        "\u{1b}[;;;;m",
    ]

    private static func text(_ numbers: inout Numbers) -> String {
        (0..<Int.random(in: 0...12, using: &numbers)).map { _ in pieces.randomElement(using: &numbers)! }.joined()
    }

    private static func event(_ numbers: inout Numbers, at seconds: Double) -> BuildEvent {
        let number = Int.random(in: -1...12, using: &numbers)
        let time = moment(max(0, seconds + Double.random(in: -3...3, using: &numbers)))
        switch Int.random(in: 0...9, using: &numbers) {
        case 0, 1: return .added(BuildStep(max(0, number), text(&numbers)))
        case 2: return .started(number, time)
        case 3:
            let endings: [BuildStep.Ending] = [.done, .cached, .cancelled, .failed(text(&numbers))]
            return .ended(number, time, endings.randomElement(using: &numbers)!)
        case 4, 5:
            let counts: [Int64] = [0, 1, 5000, .max, .min, -1]
            return .part(
                number,
                BuildStep.Part(
                    id: "\(Int.random(in: 0...3, using: &numbers))", name: text(&numbers),
                    done: counts.randomElement(using: &numbers)!,
                    total: counts.randomElement(using: &numbers)!, isComplete: Bool.random(using: &numbers)), time)
        case 6: return .warning(LintWarning(.jsonArgsRecommended, text(&numbers), LineRange(number, number)))
        default:
            let bytes = Array(text(&numbers).utf8) + (Bool.random(using: &numbers) ? [0xff, 0xe6] : [])
            return .output(number, .errorOutput, bytes, time)
        }
    }

    @Test(arguments: 0..<20) func picturesFitTheTerminalAndLeaveNothingBehind(_ seed: UInt64) {
        var numbers = Numbers(state: seed)
        var view = TerminalView(wantedLines: Int.random(in: 1...20, using: &numbers))
        let columns = Int.random(in: 1...100, using: &numbers)
        let rows = Int.random(in: 1...40, using: &numbers)
        // Wider than the terminal, so that a line that is too long can be seen, and with all that was ever above.
        var screen = LogScreen(width: columns + 200, height: 100)
        for count in 0..<150 {
            let seconds = Double(count) / 10
            view.note(Self.event(&numbers, at: seconds), at: .after(seconds))
            guard Bool.random(using: &numbers) else { continue }
            let isLast = count == 149
            let moment = DisplayMoment.after(seconds, rows: UInt16(rows), columns: UInt16(columns))
            let page = isLast ? view.close(at: moment) : view.update(at: moment)
            screen.write(page)
            guard !isLast else { break }
            let lines = screen.lines
            #expect(lines.count < max(3, rows + 1))
            for line in lines { #expect(TextColumns.of(line) < max(2, columns)) }
            var alone = LogScreen(width: columns + 200, height: 100)
            alone.write(page)
            #expect(alone.lines == lines)
        }
    }

    @Test(arguments: 0..<15) func plainLinesAreNeverLost(_ seed: UInt64) {
        var numbers = Numbers(state: seed + 1000)
        var view = PlainView()
        var page: [UInt8] = []
        var wanted: [String] = []
        for count in 0..<200 {
            let seconds = Double(count) / 4
            if count % 3 == 0 {
                let number = Int.random(in: 0...4, using: &numbers)
                view.note(.added(BuildStep(number, "step \(number)")), at: .after(seconds))
                view.note(.output(number, .output, Array("<\(count)>\n".utf8), moment(seconds)), at: .after(seconds))
                wanted.append("<\(count)>\n")
            }
            view.note(Self.event(&numbers, at: seconds), at: .after(seconds))
            if Int.random(in: 0...4, using: &numbers) == 0 { page += view.update(at: .after(seconds)) }
        }
        page += view.close(at: .after(100))
        #expect(view.backlog == 0)
        // What is in front of it on its line is what the program left open.
        let ends = Set(
            page.split(separator: 10).compactMap { line in line.lastIndex(of: 0x3c).map { Array(line[$0...]) } })
        for line in wanted { #expect(ends.contains(Array(line.utf8.dropLast()))) }
    }

    @Test(arguments: 0..<5) func jsonIsOneObjectALine(_ seed: UInt64) throws {
        var numbers = Numbers(state: seed + 2000)
        var view = RawJSONView()
        for count in 0..<200 { view.note(Self.event(&numbers, at: Double(count)), at: .after(Double(count))) }
        let lines = BuildDisplayTests.text(view.close(at: .after(200))).split(on: "\n")
        #expect(lines.count > 20)
        for line in lines { #expect(line.begins(with: "{\"") && line.ends(with: "]}")) }
    }
}
