import Build
import Bytes
import Dockerfile
import Linux

/// What is known of a step.
struct StepRecord: Sendable {
    /// A time during which the step was worked on.
    struct Span: Sendable, Equatable {
        let start: Timestamp
        var end: Timestamp?
    }

    let step: BuildStep
    /// When it was worked on: more than once where it was looked for in the cache first.
    private(set) var spans: [Span] = []
    /// How it ended; nil while it has not, or has begun anew.
    private(set) var ending: BuildStep.Ending?
    /// Its parts, in the order in which they became known.
    private(set) var parts: [PartRecord] = []
    private var places: [ByteKey: Int] = [:]
    /// What is odd about the Dockerfile, for the step that reads it.
    var warnings: [FoundWarning] = []

    init(_ step: BuildStep) { self.step = step }

    /// When it began for the last time; nil: not yet.
    var start: Timestamp? { spans.last?.start }
    /// When it ended; nil: not yet.
    var end: Timestamp? { ending == nil ? nil : spans.last?.end }
    /// Whether somebody works on it.
    var isRunning: Bool { !spans.isEmpty && ending == nil }

    /// How long it was worked on until `now`, in seconds.
    func seconds(until now: Timestamp) -> Double {
        spans.reduce(0) { $0 + $1.start.seconds(until: $1.end ?? now) }
    }

    /// It began; false where it had already.
    mutating func begin(_ time: Timestamp) -> Bool {
        guard !isRunning else { return false }
        ending = nil
        spans.append(Span(start: time))
        return true
    }

    /// It ended; false where that means nothing: it had ended, or was given up before it began.
    mutating func end(_ time: Timestamp, _ ending: BuildStep.Ending) -> Bool {
        guard self.ending == nil else { return false }
        if spans.isEmpty {
            if ending == .cancelled { return false }
            spans.append(Span(start: time))
        }
        spans[spans.count - 1].end = time
        self.ending = ending
        return true
    }

    /// The place of `part` among the parts; nil where it is not known.
    func place(of part: BuildStep.Part) -> Int? { places[ByteKey(part.id)] }

    /// Keeps what `part` says.
    mutating func update(_ part: BuildStep.Part, _ time: Timestamp) {
        let place = places[ByteKey(part.id)] ?? parts.count
        if place == parts.count {
            places[ByteKey(part.id)] = place
            parts.append(PartRecord(part: part, start: time, time: time))
        }
        parts[place].part = part
        parts[place].time = time
    }
}

/// What is known of a part of a step.
struct PartRecord: Sendable {
    var part: BuildStep.Part
    /// When it became known.
    let start: Timestamp
    /// When it was heard of for the last time.
    var time: Timestamp
}

/// A warning, and the lines that it is about where they are known.
struct FoundWarning: Sendable {
    let warning: LintWarning
    let excerpt: SourceExcerpt?

    /// The rule and what it found: "JSONArgsRecommended: … (line 3)".
    var sentence: String { "\(warning.rule.name): \(warning.message) (line \(warning.lines.first))" }
}
