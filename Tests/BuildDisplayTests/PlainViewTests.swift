import Build
import Bytes
import Linux
import Testing

@testable import BuildDisplay

@Suite struct PlainViewTests {
    private var view = PlainView()

    private mutating func add(_ names: String...) {
        for (number, name) in names.enumerated() {
            view.note(.added(BuildStep(number, name)), at: .after(0))
            view.note(.started(number, moment(0)), at: .after(0))
        }
    }

    private mutating func write(_ number: Int, _ text: String, at seconds: Double) {
        view.note(.output(number, .output, Array(text.utf8), moment(seconds)), at: .after(seconds))
    }

    @Test mutating func oneStepHasTheFloorForAWhile() {
        add("one", "two")
        #expect(text(view.update(at: .after(0.1))) == "#1 one\n")
        for second in 1...5 {
            write(0, "a\(second)\n", at: Double(second))
            write(1, "b\(second)\n", at: Double(second))
            #expect(text(view.update(at: .after(Double(second)))) == "#1 \(second).000 a\(second)\n")
        }
        // Both say as much: the turn lasts twice as long as that of one who has nothing to say.
        for second in 6...9 {
            write(0, "a\(second)\n", at: Double(second))
            write(1, "b\(second)\n", at: Double(second))
            #expect(text(view.update(at: .after(Double(second)))) == "#1 \(second).000 a\(second)\n")
        }
        write(1, "c\n", at: 10.5)
        let page = text(view.update(at: .after(10.5)))
        #expect(page.begins(with: "#1 ...\n\n#2 two\n#2 1.000 b1\n#2 2.000 b2\n"))
        #expect(page.ends(with: "#2 9.000 b9\n#2 10.50 c\n"))
    }

    @Test mutating func whoIsSilentLosesTheFloor() {
        add("one", "two")
        _ = view.update(at: .after(0))
        for second in 1...4 {
            write(1, "b\n", at: Double(second))
            #expect(text(view.update(at: .after(Double(second)))) == "")
        }
        write(1, "b\n", at: 9)
        #expect(text(view.update(at: .after(9))).begins(with: "#1 ...\n\n#2 two\n"))
    }

    @Test mutating func aLineWithoutAnEndIsBegunAnewWhenItsStepHasTheFloorAgain() {
        add("one", "two")
        write(0, "half", at: 0.5)
        #expect(text(view.update(at: .after(0.5))) == "#1 one\n#1 0.500 half")
        write(0, "way", at: 0.6)
        #expect(text(view.update(at: .after(0.6))) == "way")
        view.note(.ended(1, moment(0.7), .done), at: .after(0.7))
        #expect(text(view.update(at: .after(0.7))) == "\n#1 ...\n\n#2 two\n#2 DONE 0.7s\n")
        write(0, " there\n", at: 0.8)
        #expect(text(view.update(at: .after(0.8))) == "\n#1 one\n#1 0.500 halfway there\n")
    }

    @Test mutating func stepsEndInTheOrderOfTheirTimes() {
        add("one", "two", "three")
        view.note(.ended(2, moment(1), .cached), at: .after(3))
        view.note(.ended(0, moment(3), .failed("no\u{1b}[31m")), at: .after(3))
        view.note(.ended(1, moment(2), .cancelled), at: .after(3))
        let page = text(view.close(at: .after(3)))
        #expect(
            page == """
                #1 three
                #1 CACHED

                #2 two
                #2 CANCELED

                #3 one
                #3 ERROR: no\\x1b[31m
                ------
                 > one:
                ------

                """)
    }

    @Test mutating func partsThatMoveHaveALineForEachTwentieth() {
        add("pull")
        var lines = 0
        for done in 0...100 {
            let part = BuildStep.Part(
                id: "x", name: "sha256:x", done: Int64(done) * 1000, total: 100_000, isComplete: done == 100)
            view.note(.part(0, part, moment(Double(done) / 100)), at: .after(Double(done) / 100))
            lines += text(view.update(at: .after(Double(done) / 100))).split(on: "\n").count { $0.has(":") }
        }
        #expect(lines == 21)
        let late = BuildStep.Part(id: "y", name: "waiting")
        view.note(.part(0, late, moment(2)), at: .after(2))
        #expect(text(view.update(at: .after(2))) == "#1 waiting\n")
        view.note(.part(0, late, moment(6)), at: .after(6))
        #expect(text(view.update(at: .after(6))) == "")
        view.note(.part(0, late, moment(7)), at: .after(7))
        #expect(text(view.update(at: .after(7))) == "#1 waiting 5.0s\n")
    }

    @Test mutating func aStepThatWasGivenUpBeforeItBeganIsNotShown() {
        view.note(.added(BuildStep(0, "never")), at: .after(0))
        view.note(.ended(0, moment(1), .cancelled), at: .after(1))
        #expect(text(view.close(at: .after(1))) == "")
    }

    @Test mutating func whatWasWrittenLastIsNotLostWhereTheBuildEnds() {
        add("one", "two")
        _ = view.update(at: .after(0))
        write(0, "kept\n", at: 0.1)
        write(1, "open", at: 0.1)
        #expect(view.backlog > 0)
        let page = text(view.close(at: .after(0.2)))
        #expect(page == "#1 0.100 kept\n#1 ...\n\n#2 two\n#2 0.100 open\n")
        #expect(view.backlog == 0)
    }

    @Test mutating func aLineThatNeverEndsIsBroken() {
        add("one")
        for second in 0..<20 { write(0, String(repeating: "x", count: 100_000), at: Double(second)) }
        #expect(view.update(at: .after(20)).count { $0 == 10 } == 2)
    }

    @Test func theFloorGoesToWhoHasMostToSayAndToWhoWaitsTooLong() {
        func speaker(_ number: Int, _ count: Int, since: Double) -> Floor.Speaker {
            Floor.Speaker(number: number, count: count, since: MonotonicTime(nanoseconds: Int64(since * 1e9)))
        }
        let now = MonotonicTime(nanoseconds: 20_000_000_000)
        #expect(Floor.next([speaker(1, 1, since: 15), speaker(2, 5, since: 15)], holder: nil, at: now) == 2)
        #expect(Floor.next([speaker(1, 1, since: 9), speaker(2, 5, since: 15)], holder: nil, at: now) == 1)
        #expect(Floor.next([speaker(1, 1, since: 9), speaker(2, 5, since: 19)], holder: 2, at: now) == 1)
        #expect(Floor.next([speaker(1, 9, since: 11), speaker(2, 5, since: 19)], holder: 1, at: now) == 2)
        #expect(Floor.next([speaker(1, 9, since: 16), speaker(2, 5, since: 19)], holder: 1, at: now) == nil)
        #expect(Floor.next([speaker(1, 0, since: 0)], holder: 1, at: now) == nil)
        #expect(Floor.next([], holder: nil, at: now) == nil)
    }
}
