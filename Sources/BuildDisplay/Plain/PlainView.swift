import Build
import Linux

/// Lines that stay: for files, pipes and who wants to read all that programs write, whose bytes are printed as they are.
struct PlainView: ProgressView {
    private var record = BuildRecord()
    private var steps: [Int: PlainStep] = [:]
    /// The steps that have news.
    private var news: Set<Int> = []
    /// The step whose lines are printed.
    private var holder: Int?
    private var lastIndex = 0

    init() {}

    var isMoving: Bool { record.isRunning }
    private(set) var backlog = 0

    mutating func note(_ event: BuildEvent, at moment: DisplayMoment) {
        let changed = record.note(event)
        switch event {
        case .part(let number, let part, _):
            if let place = record[number]?.place(of: part) { steps[number, default: PlainStep()].change(part: place) }
        case .output(let number, _, let bytes, let time):
            guard let step = record[number] else { return }
            let seconds = step.start?.seconds(until: time) ?? 0
            let waiting = steps[number]?.log.backlog ?? 0
            steps[number, default: PlainStep()].log.append(bytes, seconds: seconds)
            backlog += (steps[number]?.log.backlog ?? 0) - waiting
        default: break
        }
        guard let changed else { return }
        steps[changed, default: PlainStep()].hear(at: moment.steady)
        news.insert(changed)
    }

    mutating func update(at moment: DisplayMoment) -> [UInt8] {
        var page: [UInt8] = []
        let former = holder
        let ended = news.filter { record[$0]?.end != nil }
        let running = news.subtracting(ended)
        for number in inOrderOfTheirEnd(ended, first: former) { print(number, to: &page) }
        if running.isEmpty {
            // Whoever runs is announced where nobody else speaks, so that it can be seen what is waited for.
            let isHeld = former.flatMap { record[$0] }?.isRunning ?? false
            if !isHeld, let number = record.begun.first(where: { record[$0]?.isRunning ?? false }) {
                print(number, to: &page)
            }
            return page
        }
        if let former, running.contains(former) { print(former, to: &page) }
        let isFree = former.map { ended.contains($0) } ?? true
        let next = Floor.next(
            speakers(running, isFree ? nil : former), holder: isFree ? nil : former, at: moment.steady)
        if let next { print(next, to: &page) }
        return page
    }

    mutating func close(at moment: DisplayMoment) -> [UInt8] {
        var page = update(at: moment)
        // Whoever has not had the floor says what is left.
        for number in news.sorted() { print(number, to: &page) }
        if let holder { steps[holder]?.log.leave(&page) }
        for number in record.begun {
            guard let step = record[number], case .failed? = step.ending else { continue }
            steps[number]?.log.close()
            page += FailureTail.text(step.step.name, isForTerminal: false) { page in
                for line in steps[number]?.log.tail ?? [] { page += Array("\(line.moment) ".utf8) + line.text + [10] }
            }
        }
        return page
    }

    // By the end of each; the one that has the floor before all others.
    private func inOrderOfTheirEnd(_ numbers: Set<Int>, first: Int?) -> [Int] {
        numbers.sorted { left, right in
            if left == first || right == first { return left == first && right != first }
            guard let one = record[left]?.end, let other = record[right]?.end, one != other else { return left < right }
            return one < other
        }
    }

    private func speakers(_ numbers: Set<Int>, _ holder: Int?) -> [Floor.Speaker] {
        numbers.union(holder.map { [$0] } ?? []).sorted().map { number in
            let step = steps[number] ?? PlainStep()
            return Floor.Speaker(number: number, count: step.newsCount, since: step.since)
        }
    }

    /// Prints what is new of the step `number`, which gets the floor.
    private mutating func print(_ number: Int, to page: inout [UInt8]) {
        guard let step = record[number] else { return }
        var own = steps[number] ?? PlainStep()
        if holder != number {
            if let holder {
                steps[holder]?.log.leave(&page)
                steps[holder]?.rest()
                page += "#\(steps[holder]?.index ?? 0) ...\n".utf8
            }
            if lastIndex > 0 { page.append(10) }
            if own.index == 0 {
                lastIndex += 1
                own.index = lastIndex
            }
            page += "#\(own.index) \(SpokenText.plain(step.step.name))\n".utf8
        }
        let prefix = Array("#\(own.index) ".utf8)
        for note in own.notes(step) {
            own.log.leave(&page)
            page += prefix + Array(SpokenText.plain(note).utf8) + [10]
        }
        if step.ending != nil { own.log.close() }
        backlog -= own.log.backlog
        own.log.print(prefix, to: &page)
        holder = number
        if let ending = step.ending {
            holder = nil
            own.rest()
            page += prefix + Array(Self.text(ending, step).utf8) + [10]
        }
        steps[number] = own
        news.remove(number)
    }

    private static func text(_ ending: BuildStep.Ending, _ step: StepRecord) -> String {
        switch ending {
        case .done:
            let span = step.spans.last
            return "DONE " + Figures.span(span.map { $0.start.seconds(until: $0.end ?? $0.start) } ?? 0)
        case .cached: return "CACHED"
        case .cancelled: return "CANCELED"
        case .failed(let sentence): return "ERROR: \(SpokenText.plain(sentence))"
        }
    }
}
