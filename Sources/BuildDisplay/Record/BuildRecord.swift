import Build
import Bytes
import Linux

/// What is known of a build, for those who show it.
struct BuildRecord: Sendable {
    private var places: [Int: Int] = [:]
    private var steps: [StepRecord] = []
    /// The numbers of the steps that began, in the order in which they did.
    private(set) var begun: [Int] = []
    /// What is odd about the Dockerfile.
    private(set) var warnings: [FoundWarning] = []
    /// When the first step began; nil: none has.
    private(set) var start: Timestamp?
    /// How many steps have ended.
    private(set) var endedCount = 0

    init() {}

    /// How many steps there are.
    var count: Int { steps.count }

    /// Whether a step is worked on.
    var isRunning: Bool { endedCount < begun.count }

    /// The step `number`; nil where there is none.
    subscript(number: Int) -> StepRecord? { places[number].map { steps[$0] } }

    /// Keeps what `event` says; the number of the step that looks otherwise now, nil where none does. What a program wrote is kept
    /// by those who show it.
    mutating func note(_ event: BuildEvent) -> Int? {
        switch event {
        case .added(let step):
            if places[step.number] == nil {
                places[step.number] = steps.count
                steps.append(StepRecord(step))
            }
            return nil
        case .started(let number, let time):
            guard let place = places[number] else { return nil }
            let hadEnded = steps[place].ending != nil
            guard steps[place].begin(time) else { return nil }
            if hadEnded { endedCount -= 1 } else { appear(number, time) }
            return number
        case .ended(let number, let time, let ending):
            guard let place = places[number] else { return nil }
            let isNew = steps[place].spans.isEmpty
            guard steps[place].end(time, ending) else { return nil }
            if isNew { appear(number, time) }
            endedCount += 1
            return number
        case .part(let number, let part, let time):
            guard let place = places[number] else { return nil }
            steps[place].update(part, time)
            return steps[place].spans.isEmpty ? nil : number
        case .output(let number, _, _, let time):
            guard let place = places[number] else { return nil }
            // Nothing that was written is kept back because nobody said that the step began.
            if steps[place].spans.isEmpty, steps[place].begin(time) { appear(number, time) }
            return number
        case .warning(let warning, let excerpt):
            let found = FoundWarning(warning: warning, excerpt: excerpt)
            warnings.append(found)
            guard let place = definitionPlace else { return nil }
            steps[place].warnings.append(found)
            return steps[place].spans.isEmpty ? nil : steps[place].step.number
        }
    }

    /// The step that warnings are shown with: the one that reads the Dockerfile, or else the first.
    var definition: StepRecord? { definitionPlace.map { steps[$0] } }

    private var definitionPlace: Int? {
        steps.firstIndex { $0.step.name.begins(with: "[internal] load build definition") }
            ?? (steps.isEmpty ? nil : 0)
    }

    private mutating func appear(_ number: Int, _ time: Timestamp) {
        begun.append(number)
        if start == nil { start = time }
    }
}
