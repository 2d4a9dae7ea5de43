import TestSupport
import Testing

@testable import Rendering

/// A board with its clock and its terminal.
private struct Scene {
    var board = TransferBoard<String>()
    var picture: TerminalPicture
    var moment: Int64 = 1_000_000
    private(set) var screen: TransferScreen

    init(rows: Int = 24, columns: Int = 80) {
        screen = TransferScreen(rows: rows, columns: columns)
        picture = TerminalPicture(rows: rows, columns: columns)
        picture.write("$ command\n")
    }

    var lines: [String] { Array(picture.lines.dropFirst()) }

    mutating func show(_ name: String, _ step: TransferStep, after milliseconds: Int64 = 0) {
        moment += milliseconds
        picture.write(board.show(name, name, step, at: moment, on: screen))
    }

    mutating func pass(_ milliseconds: Int64) {
        moment += milliseconds
        picture.write(board.update(at: moment, on: screen))
    }

    mutating func resize(rows: Int, columns: Int) {
        screen = TransferScreen(rows: rows, columns: columns)
        picture.resize(rows: rows, columns: columns)
    }

    mutating func end(_ words: String) { picture.write(board.withdrawTotal() + words + "\n") }
}

@Suite struct TransferBoardTests {
    private func moving(_ done: Int64, _ total: Int64) -> TransferStep { .moving("Downloading", done: done, of: total) }

    private func line(_ name: String, _ numbers: String, _ rate: String = "") -> String {
        "\(name): Downloading  " + String(repeating: " ", count: max(0, 17 - numbers.count)) + numbers + rate
    }

    @Test func layersHaveRatesAndTheWholeHasATime() {
        var scene = Scene()
        scene.show("a", .wanted("Pulling fs layer", size: 10_000_000))
        scene.show("b", .wanted("Pulling fs layer", size: 30_000_000))
        #expect(scene.lines == ["a: Pulling fs layer", "b: Pulling fs layer"])
        scene.show("a", moving(0, 10_000_000))
        #expect(
            scene.lines == [line("a", "0B/10MB"), "b: Pulling fs layer", "Total: 0B/40MB  ETA --"])
        scene.show("a", moving(2_000_000, 10_000_000), after: 1000)
        #expect(
            scene.lines == [
                line("a", "2MB/10MB", "  2MB/s"), "b: Pulling fs layer", "Total: 2MB/40MB  2MB/s  ETA 19s",
            ])
        scene.show("b", moving(0, 30_000_000))
        scene.show("b", moving(2_000_000, 30_000_000), after: 1000)
        #expect(
            scene.lines == [
                line("a", "2MB/10MB", "  2MB/s"), line("b", "2MB/30MB", "  2MB/s"), "Total: 4MB/40MB  2MB/s  ETA 18s",
            ])
        scene.pass(0)
        #expect(scene.lines[0] == line("a", "2MB/10MB", "  1MB/s"))
        scene.show("a", .arrived("Download complete"))
        scene.show("b", .arrived("Download complete"), after: 1000)
        scene.show("c", .wanted("Pulling fs layer", size: 5))
        #expect(
            scene.lines == [
                "a: Download complete", "b: Download complete", "c: Pulling fs layer",
                "Total: 40MB/40MB  13.33MB/s  ETA 1s",
            ])
        scene.show("c", .spared("Already exists"), after: 100)
        #expect(scene.lines.last == "Total: 40MB/40MB")
        scene.end("Digest: x")
        #expect(
            scene.lines == ["a: Download complete", "b: Download complete", "c: Already exists", "Digest: x"])
        #expect(scene.picture.lines.first == "$ command")
    }

    @Test func whatWasThereIsNoPartOfTheRate() {
        var scene = Scene()
        scene.show("a", .wanted("Pulling fs layer", size: 10_000_000))
        scene.show("b", .wanted("Pulling fs layer", size: 10_000_000))
        scene.show("a", moving(9_000_000, 10_000_000))
        scene.show("b", .followed("Downloading", done: 1_000_000, of: 10_000_000))
        scene.show("b", .followed("Downloading", done: 8_000_000, of: 10_000_000), after: 1000)
        scene.show("a", moving(9_500_000, 10_000_000))
        #expect(
            scene.lines == [
                line("a", "9.5MB/10MB", "  500kB/s"), line("b", "8MB/10MB"), "Total: 17MB/20MB  0B/s  ETA --",
            ])
        scene.pass(0)
        #expect(scene.lines.last == "Total: 17.5MB/20MB  500kB/s  ETA 1s")
        // The other has given up, and we go on where he was.
        scene.show("b", moving(8_000_000, 10_000_000))
        scene.show("b", moving(8_500_000, 10_000_000), after: 1000)
        scene.pass(0)
        #expect(scene.lines.last == "Total: 18MB/20MB  500kB/s  ETA 4s")
        // What was there turned out to be something else.
        scene.show("b", moving(0, 10_000_000))
        scene.pass(0)
        #expect(scene.lines.last == "Total: 9.5MB/20MB  500kB/s  ETA 21s")
    }

    @Test func aRateFadesWhereNothingComes() {
        var scene = Scene()
        scene.show("a", moving(0, 100_000_000))
        for number in 1...10 { scene.show("a", moving(Int64(number) * 1_000_000, 100_000_000), after: 1000) }
        scene.pass(0)
        #expect(scene.lines.last == "Total: 10MB/100MB  1MB/s  ETA 1m30s")
        scene.pass(2500)
        // Seven of ten seconds ago is the last that is five old.
        #expect(scene.lines[0] == line("a", "10MB/100MB", "  545.5kB/s"))
        scene.pass(5000)
        #expect(scene.lines == [line("a", "10MB/100MB", "  0B/s"), "Total: 10MB/100MB  0B/s  ETA --"])
    }

    @Test func linesThatHaveLeftTheTopAreLeftAlone() {
        var scene = Scene(rows: 6)
        for number in 0..<9 { scene.show("l\(number)", .wanted("Waiting", size: 100)) }
        scene.show("l8", moving(0, 100))
        for number in 0..<9 { scene.show("l\(number)", .noted("Extracting")) }
        let kept = (0..<5).map { "l\($0): Waiting" }
        #expect(scene.lines == kept + (5..<9).map { "l\($0): Extracting" } + ["Total: 0B/900B  ETA --"])
        // What a taller terminal shows of them again may be elsewhere.
        scene.resize(rows: 24, columns: 80)
        for number in 0..<9 { scene.show("l\(number)", .arrived("Complete")) }
        scene.end("Status: y")
        #expect(scene.lines == kept + (5..<9).map { "l\($0): Complete" } + ["Status: y"])
    }

    @Test func anotherWidthLeavesNoRestOfALine() {
        var scene = Scene(rows: 24, columns: 120)
        scene.show("a", moving(0, 100_000_000))
        scene.show("b", moving(0, 100_000_000))
        #expect(scene.lines[0].contains("[>    ") && scene.lines[0].utf8.count > 80)
        for columns in [60, 200, 40, 120, 30, 80] {
            scene.resize(rows: 24, columns: columns)
            scene.pass(100)
            #expect(scene.lines.count == 3, "\(columns): \(scene.lines)")
            #expect(scene.lines.allSatisfy { $0.utf8.count < columns }, "\(columns): \(scene.lines)")
        }
        // What is broken into more rows than there are is out of reach, and stays.
        for columns in [1, 80] {
            scene.resize(rows: 10, columns: columns)
            scene.pass(100)
        }
        scene.show("c", moving(0, 100_000_000))
        scene.show("c", moving(50_000_000, 100_000_000))
        scene.pass(100)
        #expect(scene.lines[scene.lines.count - 2].hasPrefix(line("c", "50MB/100MB")))
        scene.end("Digest: x")
        #expect(
            scene.lines.last == "Digest: x" && scene.lines[scene.lines.count - 2].hasPrefix("c: "), "\(scene.lines)")
        #expect(scene.picture.lines.first == "$ command")
    }

    @Test(arguments: [(1, 80), (2, 80), (3, 80), (24, 1), (1, 1), (0, 0)])
    func aTerminalMayBeTiny(rows: Int, columns: Int) {
        var scene = Scene(rows: max(rows, 1), columns: max(columns, 1))
        if rows == 0 { scene.picture = TerminalPicture(rows: 24, columns: 80) }
        if rows == 0 { scene.board = TransferBoard() }
        let screen = TransferScreen(rows: rows, columns: columns)
        var page = ""
        for number in 0..<4 {
            page += scene.board.show("\(number)", "\(number)", moving(0, 9), at: 0, on: screen)
            page += scene.board.show("\(number)", "\(number)", .arrived("Done"), at: 1000, on: screen)
        }
        page += scene.board.withdrawTotal() + "end\n"
        scene.picture.write(page)
        #expect(scene.picture.lines.last?.hasSuffix("d") == true || columns == 1)
        #expect(!scene.picture.lines.contains { $0.hasPrefix("Total") })
    }

    @Test func sizesThatCannotBeAreSummedUpAllTheSame() {
        var scene = Scene()
        for name in ["a", "b"] {
            scene.show(name, .wanted("Pulling fs layer", size: .max))
            scene.show(name, moving(0, .max))
            scene.show(name, moving(.max, .max), after: 1000)
            scene.show(name, moving(.min, .min))
        }
        scene.show("c", moving(7, 0))
        scene.pass(1000)
        #expect(scene.lines[2].hasSuffix("  7B  0B/s"))
        #expect(scene.lines.last == "Total: 0B")
    }

    /// Whatever happens in whatever order, what can be reached is right and nothing else is touched.
    @Test func randomStepsKeepThePicture() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var scene = Scene(rows: .random(in: 3...12, using: &random), columns: .random(in: 20...150, using: &random))
            for _ in 0..<40 {
                let name = "layer\(Int.random(in: 0..<10, using: &random))"
                let step: TransferStep =
                    switch Int.random(in: 0..<5, using: &random) {
                    case 0: .wanted("Waiting", size: 1000)
                    case 1: moving(.random(in: 0...1000, using: &random), 1000)
                    case 2: .followed("Downloading", done: 4, of: 1000)
                    case 3: .arrived("Pull complete")
                    default: .noted("Extracting")
                    }
                scene.show(name, step, after: .random(in: 0...300, using: &random))
                if Int.random(in: 0..<4, using: &random) == 0 { scene.pass(50) }
                // The line itself, where it can be reached.
                let shown = scene.lines.last { $0.hasPrefix(name) }
                #expect(shown != nil)
                #expect(scene.lines.filter { $0.hasPrefix("Total: ") }.count <= 1)
                #expect(scene.picture.lines.first == "$ command")
                #expect(Set(scene.lines.map { $0.prefix(7) }).count == scene.lines.count, "\(scene.lines)")
            }
        }
    }

    @Test(
        arguments: [
            (0, 5.0, "0s"), (1, 5, "1s"), (295, 5, "59s"), (300, 5, "1m00s"), (3_599 * 5, 5, "59m59s"),
            (18_000, 5, "1h00m"),
            (359_999, 1, "99h59m"), (.max, 1, "--"), (5, 0, "--"), (5, nil as Double?, "--"),
        ] as [(Int64, Double?, String)])
    func timesAreShort(bytes: Int64, rate: Double?, text: String) {
        #expect(TransferText.time(for: bytes, at: rate) == text)
    }
}
