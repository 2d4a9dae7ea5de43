import Testing

@testable import Build

@Suite struct StepNamesTests {
    @Test func stepsAreCountedAsBuildKitDoes() {
        var names = StepNames("build", platform: nil, total: 16)
        #expect(names.next("FROM base") == "[build  1/16] FROM base")
        names.skip()
        #expect(names.next("RUN x") == "[build  3/16] RUN x")
        var all = StepNames(nil, platform: "linux/arm64", total: 2)
        #expect(all.next("COPY a b") == "[linux/arm64 1/2] COPY a b")
        var none = StepNames("x", platform: nil, total: 0)
        #expect(none.next("y") == "y")
    }

    @Test(arguments: [
        (0, "0s"), (5_000_000_000, "5s"), (90_000_000_000, "1m30s"), (3_600_000_000_000, "1h0m0s"),
        (1_500_000_000, "1.5s"), (300_000_000, "300ms"), (1_500_000, "1.5ms"), (1_001, "1.001µs"), (7, "7ns"),
        (-1_000_000_000, "-1s"), (61_000_000_001, "1m1.000000001s"),
    ])
    func durationsAreGos(_ nanoseconds: Int64, _ text: String) { #expect(GoDuration.text(nanoseconds) == text) }

    @Test func numbersInQuotesAreLetters() {
        #expect(GoDuration.quotedRune(2) == "'\\x02'")
        #expect(GoDuration.quotedRune(65) == "'A'")
        #expect(GoDuration.quotedRune(0) == "'\\x00'")
        #expect(GoDuration.quotedRune(-1) == "'\u{FFFD}'")
    }
}
