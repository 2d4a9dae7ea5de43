import Build
import Bytes
import Linux

/// A picture that changes in place: the steps with their times, and the last lines of those that run.
struct TerminalView: ProgressView {
    private var record = BuildRecord()
    private var logs: [Int: StepLog] = [:]
    private let colors: BuildColors
    private let wantedLines: Int
    /// How many columns each line of the last picture takes.
    private var drawn: [Int] = []
    private var width = 80

    /// `wantedLines`: how many lines of a program are shown.
    init(colors: BuildColors = BuildColors(), wantedLines: Int = 6) {
        self.colors = colors
        self.wantedLines = wantedLines
    }

    var isMoving: Bool { record.isRunning }
    /// What has no place in the picture is not waited for.
    var backlog: Int { 0 }

    mutating func note(_ event: BuildEvent, at moment: DisplayMoment) {
        _ = record.note(event)
        switch event {
        case .output(let number, _, let bytes, let time):
            guard let step = record[number] else { return }
            let seconds = step.start?.seconds(until: time) ?? 0
            logs[number, default: StepLog(width: 70, height: wantedLines)].append(bytes, seconds: seconds)
        case .ended(let number, _, let ending):
            // Only of what failed all lines are shown in the end.
            if case .failed = ending {} else if record[number]?.ending != nil { logs[number] = nil }
        default: break
        }
    }

    mutating func update(at moment: DisplayMoment) -> [UInt8] { picture(at: moment, isLast: false) }

    mutating func close(at moment: DisplayMoment) -> [UInt8] {
        var page = picture(at: moment, isLast: true)
        for number in record.begun {
            guard let step = record[number], case .failed? = step.ending else { continue }
            page += FailureTail.text(step.step.name, isForTerminal: true) { page in
                page += (logs[number]?.report(colored: colors.isColored) ?? "").utf8
            }
        }
        return page
    }

    private mutating func picture(at moment: DisplayMoment, isLast: Bool) -> [UInt8] {
        let height = Int(moment.size.flatMap { $0.rows > 0 ? $0.rows : nil } ?? 10)
        let newWidth = Int(moment.size.flatMap { $0.columns > 0 ? $0.columns : nil } ?? 80)
        var page = Array("\u{1b}[?25l\(start(newWidth))".utf8)
        width = newWidth
        drawn = []
        let text = FrameText(width: width)
        let now = moment.time
        let isFinished = isLast && record.endedCount > 0 && record.endedCount == record.count
        append(
            text.heading(
                seconds: record.start?.seconds(until: now) ?? 0, ended: record.endedCount, count: record.count,
                isFinished: isFinished), to: &page)
        let rows = rows()
        let shown = logsShown(rows, text, height, isLast)
        let hiddenCount = shown.reduce(0) { $0 + (logs[$1]?.screen.lines.count ?? 0) }
        for row in isLast ? rows : FrameRow.fitting(rows, height - 2 - hiddenCount) {
            guard let line = line(row, text, now) else { continue }
            append(line.text, color: row.isDone ? line.color : "", to: &page)
            guard case .step(let number) = row.subject, shown.contains(number) else { continue }
            logs[number]?.shownCount += 1
            for line in logs[number]?.screen.lines ?? [] { append(text.log(line), color: "\u{1b}[2m", to: &page) }
        }
        page += "\u{1b}[J\u{1b}[?25h".utf8
        return page
    }

    // To the first line of the last picture. A terminal that has become narrower has broken its lines.
    private func start(_ newWidth: Int) -> String {
        let count = drawn.reduce(0) { $0 + max(1, ($1 + newWidth - 1) / newWidth) }
        return (count > 0 ? "\u{1b}[\(count)A" : "") + "\r"
    }

    private mutating func append(_ line: String, color: String = "", to page: inout [UInt8]) {
        page += (color + line + (color.isEmpty ? "" : "\u{1b}[0m") + "\u{1b}[K\n").utf8
        drawn.append(TextColumns.of(line))
    }

    private func rows() -> [FrameRow] {
        var rows: [FrameRow] = []
        for number in record.begun {
            guard let step = record[number] else { continue }
            rows.append(FrameRow(subject: .step(number), isDone: step.ending != nil))
            for (place, part) in step.parts.enumerated() {
                let isDone = part.part.isComplete || step.ending != nil
                rows.append(FrameRow(subject: .part(number, place), isDone: isDone))
            }
            for place in step.warnings.indices { rows.append(FrameRow(subject: .warning(number, place), isDone: true)) }
        }
        return rows
    }

    private mutating func logsShown(_ rows: [FrameRow], _ text: FrameText, _ height: Int, _ isLast: Bool) -> [Int] {
        guard text.logWidth > 0 else { return [] }
        let running = record.begun.filter { record[$0]?.isRunning ?? false }
        let candidates = running.compactMap { number in
            logs[number].map { FrameLogs.Candidate(number: number, byteCount: $0.byteCount, shownCount: $0.shownCount) }
        }
        let lineCount = FrameLogs.lineCount(height: height, wanted: wantedLines)
        let runningCount = rows.count { !$0.isDone }
        let shown = FrameLogs.shown(candidates, runningCount: runningCount, height: height, lineCount: lineCount)
        for number in shown { logs[number]?.draw(width: text.logWidth, height: lineCount) }
        return shown
    }

    private func line(_ row: FrameRow, _ text: FrameText, _ now: Timestamp) -> (text: String, color: String)? {
        switch row.subject {
        case .step(let number):
            guard let step = record[number] else { return nil }
            let (label, color) = mark(step.ending)
            return text.row(label + SpokenText.line(step.step.name), figure: "", seconds: step.seconds(until: now))
                .map { ($0, color) }
        case .part(let number, let place):
            guard let step = record[number] else { return nil }
            let part = step.parts[place]
            let isComplete = part.part.isComplete
            let figure = Figures.progress(part.part.done, of: part.part.total)
            let seconds = part.start.seconds(until: isComplete ? part.time : step.end ?? now)
            return text.row("=> " + SpokenText.line(part.part.name), figure: figure, seconds: seconds)
                .map { ($0, isComplete ? colors.done : "") }
        case .warning(let number, let place):
            guard let step = record[number] else { return nil }
            let span = step.spans.last.map { $0.start.seconds(until: $0.end ?? now) } ?? 0
            let name = "WARN: " + SpokenText.line(step.warnings[place].sentence)
            // As with BuildKit without a colour: that of what was given up would say something else.
            return text.row(name, figure: "", seconds: span).map { ($0, "") }
        }
    }

    private func mark(_ ending: BuildStep.Ending?) -> (label: String, color: String) {
        switch ending {
        case nil: ("", "")
        case .done: ("", colors.done)
        case .cached: ("CACHED ", colors.done)
        case .cancelled: ("CANCELED ", colors.cancelled)
        case .failed: ("ERROR ", colors.failed)
        }
    }
}
