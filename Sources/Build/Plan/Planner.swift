import Store
import Bytes
import ContainerSpec
import Dockerfile
import Errors
import OCI

/// Works out what a build does: resolves stages, bases and triggers, expands every instruction, and builds up the configurations.
struct Planner {
    /// What the planner asks of the machine.
    struct Lookup {
        /// The image `name` for `platform`, fetched where it is missing. The lines are those that ask for it.
        let image: (_ name: String, _ platform: Platform, _ lines: LineRange) throws(BuildError) -> BaseImage
        /// Throws where files cannot be taken from the context that the caller named `name`.
        let context: (_ name: String, _ platform: Platform, _ lines: LineRange) throws(BuildError) -> FileOrigin?
        /// Whether the caller has named a context so.
        let isContext: (_ name: String) -> Bool
    }

    let file: Dockerfile
    let request: BuildRequest
    let arguments: BuildArguments
    let global: GlobalScope
    let graph: StageGraph
    let platform: Platform
    /// Whether displays name the platform.
    let showsPlatform: Bool
    let lookup: Lookup
    private var plan: BuildPlan
    private var nextID = 0
    /// The stages in whose place a context of the caller's is.
    private let replaced: Set<Int>

    /// A plan for `platform`. Throws `DockerfileError` where the stages cannot be told.
    init(
        _ file: Dockerfile, _ request: BuildRequest, platform: Platform, showsPlatform: Bool, _ lookup: Lookup
    ) throws(DockerfileError) {
        self.file = file
        self.request = request
        self.platform = platform
        self.showsPlatform = showsPlatform
        self.lookup = lookup
        arguments = Self.arguments(request, platform)
        global = try GlobalScope(file, arguments)
        replaced = Set(file.stages.filter { $0.from.name.map(lookup.isContext) ?? false }.map(\.index))
        graph = try StageGraph(file, global)
        plan = BuildPlan(platform: platform, target: try graph.target(request.target))
    }

    /// The build's arguments for `platform`.
    static func arguments(_ request: BuildRequest, _ platform: Platform) -> BuildArguments {
        BuildArguments(
            given: request.arguments,
            predefined: BuildArguments.platforms(
                build: Platform.host.description, target: platform.description, stage: request.target))
    }

    /// The whole plan. Throws with the lines that are to blame.
    mutating func run() throws(PlanFailure) -> BuildPlan {
        for number in try planning({ () throws(DockerfileError) in
            try graph.reachable(from: plan.target, replaced: replaced)
        }) {
            let stage = try planned(file.stages[number])
            plan.places[number] = plan.stages.count
            plan.stages.append(stage)
        }
        return plan
    }

    private func planning<T>(_ body: () throws(DockerfileError) -> T) throws(PlanFailure) -> T {
        do throws(DockerfileError) { return try body() } catch { throw .dockerfile(error) }
    }

    private func looking<T>(_ lines: LineRange, _ body: () throws(BuildError) -> T) throws(PlanFailure) -> T {
        do throws(BuildError) { return try body() } catch { throw .other(error, lines) }
    }

    // MARK: a stage

    private mutating func planned(_ stage: Stage) throws(PlanFailure) -> PlannedStage {
        let platform = try self.platform(of: stage)
        let base = try self.base(stage, platform)
        var walk = try self.walk(base)
        var instructions: [(Instruction, isTrigger: Bool)] = []
        if !replaced.contains(stage.index) {
            instructions = try triggers(of: walk.triggers, stage.instruction.lines).map { ($0, true) }
            instructions += stage.instructions.map { ($0, false) }
        }
        let isShown = if case .image = base { true } else { false }
        let total = instructions.count { Self.makesLayer($0.0) } + (isShown ? 1 : 0)
        var names = StepNames(
            stage.from.name ?? (file.stages.count > 1 ? "stage-\(stage.index)" : nil),
            platform: showsPlatform ? platform.description : nil, total: total)
        var baseName: String?
        if case .image(let image) = base { baseName = names.next("FROM \(image.name)") }
        var result = PlannedStage(
            number: stage.index, base: base, platform: platform, configuration: walk.configuration, scope: walk.scope)
        result.baseName = baseName
        result.isUncached = request.uncachedStages.contains {
            $0.isSame(as: stage.from.name ?? "") || $0.isSame(as: String(stage.index))
        }
        for (instruction, isTrigger) in instructions {
            let before = walk.scope.variables
            let expanded = try planning { () throws(DockerfileError) in try walk.scope.apply(instruction) }
            walk.note(instruction)
            if case .env = instruction.action {
            } else if case .arg = instruction.action {
            } else {
                walk.configuration.config.env = walk.scope.environment.entries
            }
            guard Self.makesLayer(instruction) else {
                if case .stopSignal(let name) = expanded.action { try Self.checkSignal(name, instruction.lines) }
                walk.configuration.apply(expanded, walk.scope)
                continue
            }
            let text = StepNames.text(instruction, before, escape: file.directives.escape)
            try add(expanded, (isTrigger ? "ONBUILD " : "") + text, &names, &walk, to: &result)
        }
        walk.configuration.config.env = walk.scope.environment.entries
        result.configuration = walk.configuration
        result.scope = walk.scope
        ends[stage.index] = walk.declared
        return result
    }

    private static func checkChecksum(_ copy: CopyInstruction, _ lines: LineRange) throws(PlanFailure) {
        guard copy.sources.count == 1 else {
            throw .other(BuildError("checksum can't be specified for multiple sources", .invalid), lines)
        }
        guard RemoteSource(copy.sources[0]) == nil else { return }
        throw .other(BuildError("checksum requires HTTP(S) or Git sources", .invalid), lines)
    }

    private static func checkSignal(_ name: String, _ lines: LineRange) throws(PlanFailure) {
        do throws(OptionError) { _ = try SignalName.number(name) } catch {
            throw .other(BuildError("invalid signal: \(name.excerpt)", .invalid), lines)
        }
    }

    private static func makesLayer(_ instruction: Instruction) -> Bool {
        switch instruction.action {
        case .run, .copy, .add, .workdir: true
        default: false
        }
    }

    /// Where the planner is in a stage.
    private struct Walk {
        var scope: StageScope
        var configuration: StageConfiguration
        var triggers: [String] = []
        /// The arguments that ARG named, in that order.
        var declared: [String] = []

        mutating func note(_ instruction: Instruction) {
            guard case .arg(let definitions) = instruction.action else { return }
            for definition in definitions where !declared.has(definition.name) { declared.append(definition.name) }
        }
    }

    private var ends: [Int: [String]] = [:]

    private func walk(_ base: PlannedStage.Base) throws(PlanFailure) -> Walk {
        switch base {
        case .scratch, .context:
            let scope = StageScope(environment: [], global, escape: file.directives.escape)
            return Walk(scope: scope, configuration: .empty)
        case .image(let image):
            let config = image.image.config.config ?? ContainerConfig()
            let scope = StageScope(environment: config.env ?? [], global, escape: file.directives.escape)
            return Walk(
                scope: scope, configuration: StageConfiguration(config, author: image.image.config.author),
                triggers: config.onBuild ?? [])
        case .stage(let number):
            let stage = plan.stage(number)
            return Walk(
                scope: StageScope(after: stage.scope), configuration: StageConfiguration(after: stage.configuration),
                triggers: stage.configuration.config.onBuild ?? [], declared: ends[number] ?? [])
        }
    }

    private func triggers(of texts: [String], _ lines: LineRange) throws(PlanFailure) -> [Instruction] {
        var result: [Instruction] = []
        for text in texts {
            let instruction = try planning { () throws(DockerfileError) in try Dockerfile.trigger(text, of: lines) }
            result.append(instruction)
        }
        return result
    }

    /// That of its FROM, of the stage that it is based on, or the build's.
    private func platform(of stage: Stage) throws(PlanFailure) -> Platform {
        if let text = graph.platforms[stage.index] {
            do throws(PlatformError) { return try Platform(parsing: text) } catch {
                throw .other(
                    BuildError("failed to parse platform \(text.excerpt): \(error)", .invalid), stage.instruction.lines)
            }
        }
        guard !replaced.contains(stage.index), case .stage(let other) = graph.needs[stage.index][0].origin else {
            return platform
        }
        return plan.stage(other).platform
    }

    private func base(_ stage: Stage, _ platform: Platform) throws(PlanFailure) -> PlannedStage.Base {
        let number = stage.index
        let lines = stage.instruction.lines
        if let name = stage.from.name, let origin = try context(name, platform, lines) { return Self.base(origin) }
        switch graph.needs[number][0].origin {
        case .scratch: return .scratch
        case .stage(let other): return .stage(other)
        case .named(let name):
            if let origin = try context(name, platform, lines) { return Self.base(origin) }
            return .image(try looking(lines) { () throws(BuildError) in try lookup.image(name, platform, lines) })
        }
    }

    private func context(_ name: String, _ platform: Platform, _ lines: LineRange) throws(PlanFailure) -> FileOrigin? {
        try looking(lines) { () throws(BuildError) in try lookup.context(name, platform, lines) }
    }

    private static func base(_ origin: FileOrigin) -> PlannedStage.Base {
        switch origin {
        case .context(let name?): .context(name)
        case .stage(let number): .stage(number)
        case .image(let image): .image(image)
        case .nothing, .context(nil): .scratch
        }
    }

    // MARK: steps

    private mutating func add(
        _ expanded: ExpandedInstruction, _ text: String, _ names: inout StepNames, _ walk: inout Walk,
        to stage: inout PlannedStage
    ) throws(PlanFailure) {
        let instruction = expanded.instruction
        func step(_ action: PlannedStep.Action) -> PlannedStep {
            PlannedStep(id: nextID, name: names.next(text), lines: instruction.lines, action: action)
        }
        let directory = walk.configuration.workingDirectory
        switch expanded.action {
        case .run(let run):
            let planned = try self.run(run, expanded, walk)
            stage.steps.append(step(.run(planned)))
            walk.configuration.note(Self.history(planned, walk) + " # buildkit", step: nextID)
        case .copy(let copy), .add(let copy):
            let isAdd = if case .add = expanded.action { true } else { false }
            if copy.checksum != nil { try Self.checkChecksum(copy, instruction.lines) }
            let origins = try self.origins(instruction)
            let from = copy.from?.isEmpty ?? true ? FileOrigin.context(nil) : origins.first ?? .context(nil)
            stage.steps.append(step(.copy(copy, isAdd: isAdd, workingDirectory: directory, from: from)))
            walk.configuration.note(Self.history(copy, isAdd: isAdd) + " # buildkit", step: nextID)
        case .workdir(let path):
            let whole = Self.joined(directory, path)
            walk.configuration.config.workingDir = whole
            // An absolute path is in the history as it is written.
            let written = path.begins(with: "/") ? path : whole
            guard !whole.isSame(as: "/") else {
                names.skip()
                walk.configuration.note("WORKDIR \(written)", step: nil)
                return
            }
            stage.steps.append(step(.workdir(whole, user: walk.configuration.config.user ?? "")))
            walk.configuration.note("WORKDIR \(written)", step: nextID)
        default: return
        }
        nextID += 1
    }

    private func run(
        _ run: RunInstruction, _ expanded: ExpandedInstruction, _ walk: Walk
    ) throws(PlanFailure) -> PlannedRun {
        var environment = Variables()
        for name in walk.scope.environment.names + walk.scope.arguments.names {
            environment[name] = walk.scope.variables[name] ?? walk.scope.arguments[name]
        }
        var proxies = Variables()
        for name in BuildArguments.proxies where environment[name] == nil {
            // Programs look for either.
            let other = BuildArguments.proxies.first {
                !$0.isSame(as: name) && $0.lowercased().isSame(as: name.lowercased())
            }
            proxies[name] = request.arguments[name] ?? other.flatMap { request.arguments[$0] }
        }
        var origins: [FileOrigin?] = []
        var named = try self.origins(expanded.instruction)[...]
        for mount in expanded.mounts {
            if mount.from?.isEmpty ?? true {
                origins.append(mount.kind == .bind ? .context(nil) : nil)
            } else {
                origins.append(named.popFirst())
            }
        }
        return PlannedRun(
            instruction: run, mounts: expanded.mounts, origins: origins, shell: walk.configuration.shell,
            environment: environment.entries, proxies: proxies.entries,
            workingDirectory: walk.configuration.workingDirectory, user: walk.configuration.config.user ?? "")
    }

    /// Where the files come from that `instruction` names a place for, in its order.
    private func origins(_ instruction: Instruction) throws(PlanFailure) -> [FileOrigin] {
        let needs = try planning { () throws(DockerfileError) in try graph.needs(of: instruction) }
        var result: [FileOrigin] = []
        for need in needs {
            switch need.origin {
            case .stage(let other) where plan.places[other] != nil:
                if let name = file.stages[other].from.name, let origin = try context(name, platform, need.lines) {
                    result.append(origin)
                } else {
                    result.append(.stage(other))
                }
            // Of a trigger, which may name stages that this file has not built.
            case .stage(let other):
                throw .other(
                    BuildError(
                        "stage \(need.name) (number \(other)) is not built before the instruction that takes files from it",
                        .invalid))
            case .scratch: result.append(.nothing)
            case .named(let name):
                if let origin = try context(name, platform, need.lines) {
                    result.append(origin)
                } else {
                    result.append(
                        .image(
                            try looking(need.lines) { () throws(BuildError) in
                                try lookup.image(name, platform, need.lines)
                            }))
                }
            }
        }
        return result
    }

    // MARK: texts

    private static func history(_ run: PlannedRun, _ walk: Walk) -> String {
        var words: [String] = []
        if !walk.declared.isEmpty { words.append("|\(walk.declared.count)") }
        for name in walk.declared { words.append("\(name)=\(walk.scope.variables[name] ?? "")") }
        switch run.instruction.program {
        case .shell(let text): words += run.shell + [text]
        case .exec(let list): words += list
        case .script(let name, _): words += run.shell + ["/dev/pipes/\(name)"]
        }
        return "RUN " + words.joined(separator: " ")
    }

    private static func history(_ copy: CopyInstruction, isAdd: Bool) -> String {
        var words = [isAdd ? "ADD" : "COPY"]
        if let owner = copy.owner { words.append("--chown=\(owner)") }
        if let mode = copy.mode { words.append("--chmod=\(mode)") }
        words += copy.sources + copy.files.map { "<<\($0.name)" } + [copy.destination]
        return words.joined(separator: " ")
    }

    /// `path` from `directory` on, without "." and "..". What is absolute and ends with "/" keeps that, as in BuildKit.
    private static func joined(_ directory: String, _ path: String) -> String {
        let isAbsolute = path.begins(with: "/")
        let whole = isAbsolute ? path : directory + "/" + path
        let clean = IgnoreMatcher.cleaned(Array(whole.utf8)[...])
        let text = String(decoding: clean, as: UTF8.self)
        return isAbsolute && path.ends(with: "/") && text.utf8.count > 1 ? text + "/" : text
    }
}

/// Why there is no plan.
enum PlanFailure: Error {
    case dockerfile(DockerfileError)
    /// What it is, and the lines that say so; nil for what the whole file says.
    case other(BuildError, LineRange? = nil)
}
