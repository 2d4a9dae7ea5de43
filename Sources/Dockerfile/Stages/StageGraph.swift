import Bytes

/// Which stage of a Dockerfile needs which, and what else.
package struct StageGraph: Sendable {
    /// Where files come from.
    package enum Origin: Hashable, Sendable {
        /// A stage, by its number.
        case stage(Int)
        /// Nothing at all.
        case scratch
        /// An image, or a context that the caller named; expanded.
        case named(String)
    }

    /// Why a stage needs something.
    package struct Need: Hashable, Sendable {
        /// What is said.
        package enum Reason: Hashable, Sendable {
            case base, copy
            /// A mount, with the target that is written.
            case mount(String)
        }

        /// What is needed.
        package let origin: Origin
        /// Why.
        package let reason: Reason
        /// The name that is written.
        package let name: String
        /// The lines that say so.
        package let lines: LineRange
    }

    /// The file.
    package let file: Dockerfile
    /// What each stage needs, its base first.
    package private(set) var needs: [[Need]] = []
    /// The platform of each stage's FROM, expanded; nil where none is given.
    package private(set) var platforms: [String?] = []
    // The number that a name has behind all stages: of two of the same name the later one's.
    private let numbers: [String: Int]

    /// Resolves what the stages of `file` refer to. Throws for a base without a name, a number that no stage has, or a circle.
    package init(_ file: Dockerfile, _ scope: GlobalScope) throws(DockerfileError) {
        self.file = file
        var numbers: [String: Int] = [:]
        for stage in file.stages { if let name = stage.from.name { numbers[name] = stage.index } }
        self.numbers = numbers
        var earlier: [String: Int] = [:]
        for stage in file.stages {
            let escape = file.directives.escape
            let lines = stage.instruction.lines
            platforms.append(try Self.platform(stage, scope, escape))
            let base = try scope.expand(stage.from.base, escape, lines).text
            guard !base.isEmpty else {
                throw DockerfileError("base name (\(stage.from.base.excerpt)) should not be blank", [lines])
            }
            let origin: Origin =
                earlier[base].map { .stage($0) } ?? (base.isSame(as: "scratch") ? .scratch : .named(base))
            needs.append([Need(origin: origin, reason: .base, name: base, lines: lines)])
            for instruction in stage.instructions { needs[stage.index] += try needs(of: instruction) }
            if let name = stage.from.name { earlier[name] = stage.index }
        }
        try refuseCircles()
    }

    private static func platform(
        _ stage: Stage, _ scope: GlobalScope, _ escape: UInt8
    ) throws(DockerfileError) -> String? {
        guard let text = stage.from.platform else { return nil }
        let platform = try scope.expand(text, escape, stage.instruction.lines).text
        guard !platform.isEmpty else {
            throw DockerfileError("empty platform value from expression \(text.excerpt)", [stage.instruction.lines])
        }
        return platform
    }

    /// What `instruction` needs of other stages or images; an image's trigger refers to stages in the same way.
    package func needs(of instruction: Instruction) throws(DockerfileError) -> [Need] {
        switch instruction.action {
        case .copy(let copy):
            guard let name = copy.from, !name.isEmpty else { return [] }
            if let dollar = name.place(of: "$"), !name[...].behind(dollar).isEmpty {
                throw DockerfileError(
                    "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround",
                    [instruction.lines])
            }
            let origin = try origin(copyFrom: name, instruction.lines)
            return [Need(origin: origin, reason: .copy, name: name, lines: instruction.lines)]
        case .run(let run):
            var result: [Need] = []
            for mount in run.mounts {
                do throws(Fault) {
                    guard let name = try RunMount.from(mount), !name.isEmpty else { continue }
                    let target = RunMount.writtenTarget(mount)
                    result.append(
                        Need(origin: origin(named: name), reason: .mount(target), name: name, lines: instruction.lines))
                } catch {
                    throw DockerfileError(error, in: instruction.lines)
                }
            }
            return result
        default: return []
        }
    }

    private func origin(copyFrom name: String, _ lines: LineRange) throws(DockerfileError) -> Origin {
        guard let number = Int(name) else { return origin(named: name) }
        guard file.stages.indices.contains(number) else {
            throw DockerfileError("invalid stage index \(number)", [lines])
        }
        return .stage(number)
    }

    private func origin(named name: String) -> Origin {
        if let number = numbers[name.lowercased()] { return .stage(number) }
        return name.isSame(as: "scratch") ? .scratch : .named(name)
    }

    /// The number of the stage that `name` means, the last one's where it is nil or empty. Throws, with a hint, where there is none.
    package func target(_ name: String?) throws(DockerfileError) -> Int {
        guard let name, !name.isEmpty else { return file.stages.count - 1 }
        if let number = numbers[name.lowercased()] { return number }
        let fault = Fault(
            "target stage \(GoValue.quoted(name)) could not be found", given: name,
            among: file.stages.compactMap(\.from.name),
            ignoringCase: true)
        throw DockerfileError(fault.sentence)
    }

    /// The stages that `target` needs, itself with them, in the order of the file: no other is built. Those of `replaced` need
    /// nothing. Throws where one needs a stage that comes behind it.
    package func reachable(from target: Int, replaced: Set<Int> = []) throws(DockerfileError) -> [Int] {
        var isNeeded = Array(repeating: false, count: file.stages.count)
        var open = [target]
        while let number = open.popLast() {
            guard isNeeded.indices.contains(number), !isNeeded[number] else { continue }
            isNeeded[number] = true
            if replaced.contains(number) { continue }
            for case .stage(let other) in needs[number].map(\.origin) { open.append(other) }
        }
        let result = isNeeded.indices.filter { isNeeded[$0] }
        for number in result where !replaced.contains(number) { try refuseForward(number) }
        return result
    }

    private func refuseForward(_ number: Int) throws(DockerfileError) {
        for need in needs[number] {
            guard case .stage(let other) = need.origin, other >= number else { continue }
            let name = GoValue.quoted(need.name)
            if case .mount(let target) = need.reason {
                throw DockerfileError(
                    "cannot mount from stage \(name) to \(GoValue.quoted(target)), stage needs to be defined before current command",
                    [need.lines])
            }
            let own = GoValue.quoted(file.stages[number].displayName)
            throw DockerfileError(
                "cannot copy from stage \(name), it needs to be defined before current stage \(own)", [need.lines])
        }
    }

    // In the order of the file, without recursion: a file may have as many stages as instructions.
    private func refuseCircles() throws(DockerfileError) {
        enum Mark { case new, open, done }
        var marks = Array(repeating: Mark.new, count: file.stages.count)
        for first in file.stages.indices where marks[first] == .new {
            var path: [(number: Int, next: Int)] = [(first, 0)]
            marks[first] = .open
            while let (number, next) = path.last {
                guard next < needs[number].count else {
                    marks[number] = .done
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                // A base is an earlier stage always.
                guard case .stage(let other) = needs[number][next].origin, needs[number][next].reason != .base else {
                    continue
                }
                if marks[other] == .open {
                    throw DockerfileError(
                        "circular dependency detected on stage: \(file.stages[first].displayName)",
                        [needs[number][next].lines])
                }
                guard marks[other] == .new else { continue }
                marks[other] = .open
                path.append((other, 0))
            }
        }
    }
}
