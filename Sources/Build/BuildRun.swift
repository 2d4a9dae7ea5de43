import Bytes
import ContainerSpec
import Dockerfile
import Errors
import Images
import Linux
import OCI
import Registry
import Store
import Synchronization

/// One build, from the Dockerfile to its outputs.
struct BuildRun {
    let request: BuildRequest
    let tools: BuildTools
    // By which the caller ends it, and no failure of its own does.
    private let asked: Cancellation
    let reporter: Reporter
    let contexts: Contexts
    let steps: StepCache
    let ingest: ImageIngest
    let bases: BaseImages

    /// `cancellation` is that of the build, which also ends with a step that fails, `asked` its caller's.
    init(
        _ builder: Builder, _ request: BuildRequest, _ cancellation: Cancellation, asked: Cancellation,
        _ reporter: Reporter
    ) throws(BuildError) {
        self.request = request
        self.asked = asked
        self.reporter = reporter
        tools = BuildTools(
            paths: builder.paths, images: builder.images, layers: builder.images.layers, executable: builder.executable,
            storageDriver: builder.storageDriver, cancellation: cancellation)
        contexts = Contexts(request, tools, reporter)
        let store = BuildCacheStore(builder.paths, tools.layers.ownership)
        do throws(StoreError) {
            ingest = try builder.images.images.beginIngest()
            try store.prepare()
        } catch { throw BuildError(EngineError(error)) }
        steps = StepCache(store, tools, reporter, ingest)
        bases = BaseImages(request, tools, reporter, ingest)
    }

    /// The Dockerfile, and what is shown of it in errors.
    struct Source: Sendable {
        let file: Dockerfile
        let text: SourceText
        let name: String

        func excerpt(_ lines: LineRange) -> SourceExcerpt { SourceExcerpt(source: text, name: name, lines: lines) }

        /// What BuildKit says of a mistake in it.
        func error(_ error: DockerfileError) -> BuildError {
            BuildError(error.description, error.kind, excerpt: error.lines.first.map { excerpt($0) })
        }
    }

    func check() throws(BuildError) -> CheckedDockerfile {
        let source = try read()
        let arguments = Planner.arguments(request, request.platforms.first ?? .host)
        let report = Linter(source.file, arguments, ignore: nil).run()
        return CheckedDockerfile(source: source.text, name: source.name, file: source.file, report: report)
    }

    func build() throws(BuildError) -> BuildResult {
        defer { ingest.end() }
        try checkOutputs()
        let source = try read()
        let platforms = request.platforms.isEmpty ? [Platform.host] : request.platforms
        var plans: [BuildPlan] = []
        for platform in platforms {
            plans.append(try plan(source, platform, showsPlatform: platforms.count > 1))
        }
        var result = BuildResult()
        result.warnings = try lint(source, plans[0])
        try importCaches(platforms)
        let results = try execute(plans, source)
        try export(plans, results, to: &result)
        try exportCaches(results)
        return result
    }

    private func read() throws(BuildError) -> Source {
        try reporter.step("[internal] load build definition from \(contexts.dockerfileName)") {
            number throws(BuildError) in
            let (bytes, name) = try contexts.dockerfile()
            reporter.part(
                number,
                .init(
                    id: "dockerfile", name: "transferring dockerfile:", done: Int64(bytes.count),
                    isComplete: true))
            let text: SourceText
            do throws(DockerfileError) { text = try SourceText(bytes) } catch {
                throw BuildError(error.description, error.kind)
            }
            do throws(DockerfileError) { return Source(file: try Dockerfile(text), text: text, name: name) } catch {
                throw BuildError(
                    error.description, error.kind,
                    excerpt: error.lines.first.map { SourceExcerpt(source: text, name: name, lines: $0) })
            }
        }
    }

    private func plan(_ source: Source, _ platform: Platform, showsPlatform: Bool) throws(BuildError) -> BuildPlan {
        let lookup = Planner.Lookup(
            image: { [bases] (name, platform, _) throws(BuildError) in try bases.image(name, platform) },
            context: { [bases] (name, platform, _) throws(BuildError) in try bases.context(name, platform) },
            isContext: { [bases] name in bases.isContext(name) })
        do throws(PlanFailure) {
            var planner: Planner
            do throws(DockerfileError) {
                planner = try Planner(
                    source.file, request, platform: platform, showsPlatform: showsPlatform, lookup)
            } catch { throw PlanFailure.dockerfile(error) }
            return try planner.run()
        } catch {
            switch error {
            case .dockerfile(let error): throw source.error(error)
            case .other(var error, let lines):
                if error.excerpt == nil { error.excerpt = lines.map { source.excerpt($0) } }
                throw error
            }
        }
    }

    private func lint(_ source: Source, _ plan: BuildPlan) throws(BuildError) -> [LintWarning] {
        var known: [String: Linter.Base] = [:]
        for stage in plan.stages {
            guard case .image(let image) = stage.base else { continue }
            let config = image.image.config.config ?? ContainerConfig()
            known[image.written] = Linter.Base(
                environment: config.env ?? [],
                hasWorkdir: !(config.workingDir ?? "").isEmpty && config.workingDir != "/",
                hasShell: !(config.shell ?? []).isEmpty)
        }
        let report = Linter(
            source.file, Planner.arguments(request, plan.platform), ignore: try contexts.ignored(),
            base: { known[$0] ?? Linter.Base() }
        ).run()
        for warning in report.warnings { reporter.warn(.warning(warning, excerpt: source.excerpt(warning.lines))) }
        if let violation = report.violation { throw source.error(violation) }
        return report.warnings
    }

    // MARK: execution

    private func execute(_ plans: [BuildPlan], _ source: Source) throws(BuildError) -> [StageResult] {
        let pins = LayerPins()
        // What a step has done is kept, whatever becomes of the next.
        var keeping = tools
        keeping.cancellation = asked
        let keeper = LayerKeeper(keeping, pins, ingest, steps.store)
        let isExported = request.outputs.contains { output in
            switch output {
            case .image, .archive: true
            case .local, .tar: false
            }
        }
        var executions: [Execution] = []
        for plan in plans {
            executions.append(
                Execution(
                    plan, request, tools, reporter, steps, keeper, pins, isExported: isExported,
                    context: { [contexts] name throws(BuildError) in try contexts.tree(name) },
                    excerpt: { source.excerpt($0) }))
        }
        let cancel: @Sendable () -> Void = { [tools] in tools.cancellation.cancel() }
        var pending: [Deferred<StageResult>] = []
        for execution in executions {
            let deferred = Deferred<StageResult>()
            pending.append(deferred)
            do throws(SystemError) {
                _ = try begin {
                    do throws(BuildError) { deferred.set(.success(try execution.run(cancel: cancel))) } catch {
                        deferred.set(.failure(error))
                    }
                }
            } catch { deferred.set(.failure(BuildError("\(error)"))) }
        }
        var results: [StageResult] = []
        var failure: BuildError?
        for deferred in pending {
            do throws(BuildError) { results.append(try deferred.wait()) } catch {
                if failure == nil || failure?.kind == .cancelled { failure = error }
            }
        }
        // Also of a build that failed: the next one begins behind them.
        do throws(EngineError) { try keeper.finish() } catch { failure = failure ?? BuildError(error) }
        if let failure { throw failure }
        return results
    }
}
