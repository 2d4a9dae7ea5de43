/// What a step's programs wrote, on a terminal: the little screen below it, and all of its lines in case that it fails.
struct StepLog: Sendable {
    /// How much is kept of a step, in bytes.
    static let limit = 2 << 20

    /// How much is written onto the screen at once: more runs past it.
    private static let screenful = 64 << 10

    /// The last lines, as of the last call of `draw`.
    private(set) var screen: LogScreen
    private var undrawn: [UInt8] = []
    /// How many bytes were written.
    private(set) var byteCount = 0
    /// In how many pictures its screen was shown.
    var shownCount = 0

    private var lines: [PlainLog.Line] = []
    private var first = 0
    private var kept = 0
    private var droppedCount = 0
    private var isOpen = false

    /// Nothing yet, on a screen of this size.
    init(width: Int, height: Int) { screen = LogScreen(width: width, height: height) }

    /// Appends what was written `seconds` after the step began.
    mutating func append(_ bytes: [UInt8], seconds: Double) {
        let (sum, isTooMuch) = byteCount.addingReportingOverflow(bytes.count)
        byteCount = isTooMuch ? .max : sum
        undrawn += bytes
        if undrawn.count > 2 * Self.screenful { skip() }
        var rest = bytes[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 10)
            let piece = rest[..<(end ?? rest.endIndex)]
            if !isOpen { lines.append(PlainLog.Line(moment: Figures.moment(seconds), text: [])) }
            lines[lines.count - 1].text += piece
            kept += piece.count + 1
            isOpen = end == nil && lines[lines.count - 1].text.count <= PlainLog.lineLimit
            rest = end.map { rest[($0 + 1)...] } ?? []
        }
        drop()
    }

    /// Writes what has come onto the screen, which gets this size.
    mutating func draw(width: Int, height: Int) {
        screen.resize(width: width, height: height)
        screen.write(undrawn)
        undrawn = []
    }

    // Nobody would have seen it, and who writes much would wait for it.
    private mutating func skip() {
        let rest = undrawn.suffix(Self.screenful)
        let start = rest.firstIndex(of: 10) ?? rest.startIndex
        undrawn = [10] + rest[start...]
    }

    /// The lines for the report of a failure, the first of which says how much is missing.
    func report(colored: Bool) -> String {
        var text = droppedCount > 0 ? "[the first \(droppedCount) lines are left out]\n" : ""
        for line in lines[first...] { text += "\(line.moment) \(SpokenText.output(line.text, colored: colored))\n" }
        return text
    }

    // The array is moved up only now and then, since that takes as long as it is.
    private mutating func drop() {
        while kept > Self.limit, first < lines.count - 1 {
            kept -= lines[first].text.count + 1
            lines[first].text = []
            first += 1
            droppedCount += 1
        }
        guard first > 1000, first > lines.count / 2 else { return }
        lines.removeFirst(first)
        first = 0
    }
}
