import Images
import Dockerfile
import Errors
import Glibc
import Linux
import OCI
import Store
import Synchronization

/// Does what a plan says: stages side by side, every step as soon as what it needs is there.
final class Execution: Sendable {
    /// How many stages are worked on at the same time. A stage waits for earlier ones alone, and those were begun before it.
    private static let width = 64

    let plan: BuildPlan
    let request: BuildRequest
    let tools: BuildTools
    let reporter: Reporter
    let steps: StepCache
    let keeper: LayerKeeper
    let pins: LayerPins
    /// The files of a context: the main one for nil.
    let context: @Sendable (String?) throws(BuildError) -> ContextTree
    /// The lines of the Dockerfile, for errors.
    let excerpt: @Sendable (LineRange) -> SourceExcerpt
    /// Whether the result becomes an image.
    let isExported: Bool
    private let results: [Int: Deferred<StageResult>]
    /// Numbers of the steps that displays know, by the plan's.
    private let numbers: [Int: Int]
    private let baseNumbers: [Int: Int]
    private let exportedSteps: Set<Int>

    init(
        _ plan: BuildPlan, _ request: BuildRequest, _ tools: BuildTools, _ reporter: Reporter, _ steps: StepCache,
        _ keeper: LayerKeeper, _ pins: LayerPins, isExported: Bool,
        context: @escaping @Sendable (String?) throws(BuildError) -> ContextTree,
        excerpt: @escaping @Sendable (LineRange) -> SourceExcerpt
    ) {
        self.plan = plan
        self.request = request
        self.tools = tools
        self.reporter = reporter
        self.steps = steps
        self.keeper = keeper
        self.pins = pins
        self.isExported = isExported
        self.context = context
        self.excerpt = excerpt
        var results: [Int: Deferred<StageResult>] = [:]
        var numbers: [Int: Int] = [:]
        var bases: [Int: Int] = [:]
        for stage in plan.stages {
            results[stage.number] = Deferred()
            if let name = stage.baseName { bases[stage.number] = reporter.add(name) }
            var last = bases[stage.number]
            for step in stage.steps {
                let number = reporter.add(step.name, inputs: last.map { [$0] } ?? [])
                numbers[step.id] = number
                last = number
            }
        }
        self.results = results
        self.numbers = numbers
        baseNumbers = bases
        exportedSteps = Set(plan.stage(plan.target).configuration.history.compactMap(\.step))
    }

    /// Does all of it; returns what the target has come to. `cancel` ends what is still going on after a failure. Throws the first
    /// failure; no step is at work any more then.
    func run(cancel: @escaping @Sendable () -> Void) throws(BuildError) -> StageResult {
        let slots = WorkQueue(width: Self.width)
        let failure = Mutex<BuildError?>(nil)
        for stage in plan.stages {
            slots.submit { [self] in
                do throws(BuildError) {
                    results[stage.number]!.set(.success(try perform(stage)))
                } catch {
                    failure.withLock { first in
                        // What others end with because of a failure is not why the build failed.
                        if first == nil || first?.kind == .cancelled { first = error }
                    }
                    results[stage.number]!.set(.failure(error))
                    cancel()
                }
            }
        }
        slots.finish()
        if let error = failure.withLock({ $0 }) { throw error }
        return try results[plan.target]!.wait()
    }

    /// What the stage with this number came to, when it has.
    func result(_ number: Int) throws(BuildError) -> StageResult { try results[number]!.wait() }

    // MARK: a stage

    private func perform(_ stage: PlannedStage) throws(BuildError) -> StageResult {
        var result = try base(stage)
        // Layers that stand on nothing are made beside the steps in front of them.
        var linked: [Int: Deferred<StageResult>] = [:]
        let beside = WorkQueue(width: 8)
        for step in stage.steps where isIndependent(step) {
            let deferred = Deferred<StageResult>()
            linked[step.id] = deferred
            let empty = StageResult.nothing
            beside.submit { [self] in
                do throws(BuildError) { deferred.set(.success(try perform(step, stage, on: empty))) } catch {
                    deferred.set(.failure(error))
                }
            }
        }
        var failure: BuildError?
        for step in stage.steps {
            // Those that were begun are waited for whatever happens.
            do throws(BuildError) {
                if let deferred = linked[step.id] {
                    let part = try deferred.wait()
                    if failure == nil { result.add(part.layers[0], step.id, part.key) }
                } else if failure == nil {
                    result = try perform(step, stage, on: result)
                }
            } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
        return result
    }

    private func isIndependent(_ step: PlannedStep) -> Bool {
        guard case .copy(let copy, _, _, _) = step.action else { return false }
        return copy.isLinked && copy.namesNobody
    }

    private func base(_ stage: PlannedStage) throws(BuildError) -> StageResult {
        switch stage.base {
        case .scratch: return StageResult.nothing
        case .stage(let number): return try result(number)
        case .image(let image):
            guard let number = baseNumbers[stage.number] else { return try layers(of: image) }
            reporter.start(number)
            do throws(BuildError) {
                let result = try layers(of: image)
                reporter.end(number, .done)
                return result
            } catch {
                reporter.end(number, .failed(error.message))
                throw error
            }
        case .context(let name):
            let copy = CopyInstruction(sources: ["/"], destination: "/")
            let step = PlannedStep(
                id: -1 - stage.number, name: "[context \(name)] load", lines: LineRange(1, 1),
                action: .copy(copy, isAdd: false, workingDirectory: "/", from: .context(name)))
            return try perform(step, stage, on: StageResult.nothing)
        }
    }

    /// The layers of an image, unpacked where they were not.
    func layers(of image: BaseImage) throws(BuildError) -> StageResult {
        do {
            let places = image.image.config.rootfs.imageLayers
            // What it is made of is kept since it was found (`BaseImages`).
            if tools.layers.find(places) == nil { try tools.images.unpackMissingLayers(of: image.image) }
            var key = StepKey("image")
            for place in places { key.add(place.diffID) }
            var result = StageResult(key: key.digest)
            for (place, descriptor) in zip(places, image.image.manifest.layers) {
                guard let name = tools.layers.find(place) else {
                    throw EngineError("a layer of image \(image.name) was removed meanwhile", .conflict)
                }
                result.layers.append(
                    BuildLayer(
                        .init(
                            path: tools.layers.path(of: name), directory: name, diffID: place.diffID,
                            size: descriptor.size)))
            }
            return result
        } catch { throw BuildError(EngineError(error)) }
    }

    // MARK: a step

    /// Does `step`, or finds what it would make; returns what there is then.
    private func perform(
        _ step: PlannedStep, _ stage: PlannedStage, on result: StageResult
    ) throws(BuildError) -> StageResult {
        let number = numbers[step.id] ?? reporter.add(step.name)
        do throws(BuildError) {
            try checkCancellation()
            switch step.action {
            case .run(let run): return try perform(run, step, number, stage, on: result)
            case .copy(let copy, let isAdd, let directory, let from):
                return try perform(
                    copy, isAdd: isAdd, in: directory, from: from, step, number, stage, on: result)
            case .workdir(let path, let user):
                return try perform(directory: path, of: user, step, number, stage, on: result)
            }
        } catch {
            var error = error
            let isCancelled = error.kind == .cancelled
            reporter.end(number, isCancelled ? .cancelled : .failed(error.message))
            if error.step == nil { error.step = number }
            if error.excerpt == nil, !isCancelled, step.id >= 0 { error.excerpt = excerpt(step.lines) }
            throw error
        }
    }

    func checkCancellation() throws(BuildError) {
        try building { () throws(EngineError) in try tools.checkCancellation() }
    }

    /// The layer of a step with this key: that of the cache, or what `make` makes in the directory that it is given, on the directories of the
    /// layers below. `make` calls its last argument when nobody looks at those by their names any more.
    func layer(
        _ key: Digest, _ step: PlannedStep, _ number: Int, _ stage: PlannedStage, on result: StageResult,
        _ make: (_ lowers: [String], _ scratch: String, _ mounted: @escaping @Sendable () -> Void) throws(BuildError) ->
            Void
    ) throws(BuildError) -> StageResult {
        var result = result
        let lock = try lock(key)
        let label = BuildLayer.Label(key: key, description: step.name)
        let isInImage = isExported && exportedSteps.contains(step.id)
        let lowest = result.layers.first
        do {
            if !request.ignoresCache, !stage.isUncached,
                let layer = try steps.layer(label, on: result.layers, isExported: isInImage)
            {
                lock.release()
                reporter.end(number, .cached)
                steps.note(layer, above: lowest)
                result.add(layer, step.id, key)
                return result
            }
            reporter.start(number)
            let scratch = try LayerScratch(tools.layers)
            let pin = pins.pin()
            defer { pin.release() }
            try make(result.directories, scratch.path) { pin.release() }
            pin.release()
            let layer = try keeper.keep(
                scratch, on: result.layers, label, isExported: isInImage, lock)
            reporter.end(number, .done)
            steps.note(layer, above: lowest)
            result.add(layer, step.id, key)
            return result
        } catch {
            lock.release()
            throw (error as? BuildError) ?? BuildError(EngineError(error))
        }
    }

    // Another build, or another stage of this one, may be at the same step: then its result is the cache's.
    private func lock(_ key: Digest) throws(BuildError) -> StepLock {
        while true {
            do throws(StoreError) {
                if let lock = try steps.store.tryLock(key) { return StepLock(lock) }
            } catch { throw BuildError(EngineError(error)) }
            try building { () throws(EngineError) in try tools.pause() }
        }
    }
}

extension StageResult {
    fileprivate mutating func add(_ layer: BuildLayer, _ step: Int, _ key: Digest) {
        layers.append(layer)
        made[step] = layer
        // Of what stands on nothing the key says nothing of what is below.
        var chain = StepKey("chain")
        chain.add(self.key)
        chain.add(key)
        self.key = chain.digest
    }
}
