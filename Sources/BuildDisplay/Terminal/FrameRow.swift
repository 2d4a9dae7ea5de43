/// A line of the picture of a build, before it is known whether it has a place.
struct FrameRow: Equatable, Sendable {
    /// What it is about.
    enum Subject: Equatable, Sendable {
        case step(Int)
        /// The part at a place of a step.
        case part(Int, Int)
        /// The warning at a place of a step.
        case warning(Int, Int)
    }

    let subject: Subject
    /// Whether nothing happens in it any more.
    let isDone: Bool

    /// The rows of which at most `limit` are shown: the last ones, but what still happens further up takes the places of what is
    /// done at their top.
    static func fitting(_ rows: [FrameRow], _ limit: Int) -> [FrameRow] {
        guard limit > 0 else { return [] }
        guard rows.count > limit else { return rows }
        let hidden = rows.dropLast(limit).filter { !$0.isDone }
        let shown = rows.suffix(limit)
        let top = shown.prefix(hidden.count)
        let kept = top.filter { !$0.isDone }
        return Array(hidden.suffix(top.count - kept.count)) + kept + shown.dropFirst(top.count)
    }
}

/// Which running steps have their last lines below them.
struct FrameLogs {
    /// A running step whose programs wrote something.
    struct Candidate {
        let number: Int
        /// How much was written, in bytes.
        let byteCount: Int
        /// In how many pictures its lines were.
        let shownCount: Int
    }

    /// How many lines each may have, on a terminal with `height` rows, of which `wanted` are asked for (`BUILDKIT_TTY_LOG_LINES`).
    static func lineCount(height: Int, wanted: Int) -> Int {
        wanted <= 6 ? max(1, wanted) : max(6, min(wanted, height - 7))
    }

    /// The steps among `candidates` for whose lines there is room beside `runningCount` rows in which something happens: those that
    /// wrote the most, and those that were shown before.
    static func shown(_ candidates: [Candidate], runningCount: Int, height: Int, lineCount: Int) -> [Int] {
        func weight(_ candidate: Candidate) -> Int {
            let (sum, isTooMuch) = candidate.byteCount.addingReportingOverflow(min(candidate.shownCount, 1 << 40) * 50)
            return isTooMuch ? .max : sum
        }
        let sorted = candidates.sorted { (weight($1), $0.number) < (weight($0), $1.number) }
        let room = height - 2 - runningCount
        // Three rows more than it needs, so that the picture is not all lines of programs.
        let count = room <= lineCount + 3 ? 0 : (room - 1) / (lineCount + 3)
        return sorted.prefix(count).map(\.number)
    }
}
