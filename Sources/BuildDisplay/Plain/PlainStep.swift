import Build
import Linux

/// What of a step is printed, and what is not yet.
struct PlainStep: Sendable {
    /// Its number on the page, from 1, by the order in which steps appear there; 0: it has not.
    var index = 0
    /// What its programs wrote.
    var log = PlainLog()
    /// How many times it has had news since it was heard.
    private(set) var newsCount = 0
    /// When the first of them came.
    private(set) var since = MonotonicTime(nanoseconds: 0)
    /// The parts that have news.
    private(set) var changedParts: Set<Int> = []
    private var printedParts: [Int: PartRecord] = [:]
    private var printedWarnings = 0

    /// It has news.
    mutating func hear(at now: MonotonicTime) {
        if newsCount == 0 { since = now }
        newsCount += 1
    }

    /// It was heard.
    mutating func rest() { newsCount = 0 }

    /// The part at `place` has news.
    mutating func change(part place: Int) { changedParts.insert(place) }

    /// What has become known of its parts since the last call, and the warnings.
    mutating func notes(_ record: StepRecord) -> [String] {
        var notes: [String] = []
        for place in changedParts.sorted() where isWorthALine(record.parts[place], place) {
            printedParts[place] = record.parts[place]
            notes.append(Self.text(record.parts[place]))
        }
        changedParts = []
        for found in record.warnings.dropFirst(printedWarnings) { notes.append("WARN: \(found.sentence)") }
        printedWarnings = record.warnings.count
        return notes
    }

    // A part that moves has a line for each twentieth of it, or each 5 seconds.
    private func isWorthALine(_ part: PartRecord, _ place: Int) -> Bool {
        guard let last = printedParts[place], !part.part.isComplete else { return true }
        let progress = Double(part.part.done) - Double(last.part.done)
        let total = Double(part.part.total)
        return total > 0 && progress / total >= 0.05 || last.time.seconds(until: part.time) >= 5
    }

    private static func text(_ part: PartRecord) -> String {
        let progress = Figures.progress(part.part.done, of: part.part.total)
        let seconds = part.start.seconds(until: part.time)
        return part.part.name + (progress.isEmpty ? "" : " " + progress)
            + (seconds > 0.01 ? " " + Figures.span(seconds) : "") + (part.part.isComplete ? " done" : "")
    }
}
