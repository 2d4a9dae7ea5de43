/// How fast bytes come, over the last seconds. Moments are milliseconds of a clock that nobody sets.
struct RateMeter: Sendable {
    /// Over how long a rate is taken, in milliseconds: what stutters is even over it, and what has stalled is seen soon.
    static let span: Int64 = 5000
    /// From when on there is a rate, in milliseconds.
    static let leastSpan: Int64 = 500
    private static let step: Int64 = 250

    private struct Mark: Sendable {
        let moment: Int64
        let amount: Int64
    }

    /// The oldest is the last that is as old as the span, or the first of all.
    private var marks: [Mark]
    private var amount: Int64 = 0

    /// Begins to measure at `moment`.
    init(since moment: Int64) { marks = [Mark(moment: moment, amount: 0)] }

    /// `bytes` more have come; fewer than none do not count.
    mutating func add(_ bytes: Int64, at moment: Int64) {
        amount = amount.saturatingSum(max(bytes, 0))
        if let last = marks.last, moment - last.moment >= Self.step {
            marks.append(Mark(moment: moment, amount: amount))
        }
        while marks.count > 1, moment - marks[1].moment >= Self.span { marks.removeFirst() }
    }

    /// Bytes per second; nil where that cannot be told yet.
    func rate(at moment: Int64) -> Double? {
        guard let base = marks.last(where: { moment - $0.moment >= Self.span }) ?? marks.first else { return nil }
        let span = moment - base.moment
        return span < Self.leastSpan ? nil : Double(amount - base.amount) * 1000 / Double(span)
    }
}

extension Int64 {
    /// The sum, or the largest number where that is too large for one.
    func saturatingSum(_ other: Int64) -> Int64 {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? .max : sum
    }
}
