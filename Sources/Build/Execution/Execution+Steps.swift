import ContainerSpec
import Bytes
import Dockerfile
import Errors
import OCI

/// What each sort of step does, and what its key is made of.
extension Execution {
    /// Where files come from, when that is there.
    enum ResolvedOrigin: Sendable {
        case context(ContextTree)
        case layers(StageResult)

        /// As a step takes it, while the layers are pinned.
        var source: FileSource {
            switch self {
            case .context(let tree): .context(tree)
            case .layers(let result): .layers(result.directories)
            }
        }
    }

    func resolve(_ origin: FileOrigin) throws(BuildError) -> ResolvedOrigin {
        switch origin {
        case .context(let name): .context(try context(name))
        case .stage(let number): .layers(try result(number))
        case .image(let image): .layers(try layers(of: image))
        case .nothing: .layers(StageResult.nothing)
        }
    }

    // MARK: COPY and ADD

    func perform(
        _ copy: CopyInstruction, isAdd: Bool, in directory: String, from origin: FileOrigin, _ step: PlannedStep,
        _ number: Int, _ stage: PlannedStage, on result: StageResult
    ) throws(BuildError) -> StageResult {
        let origin = try resolve(origin)
        let selection = try Selected(copy, isAdd: isAdd, directory, origin, self)
        // Whose files they are may be for what is below to say.
        let isAlone = copy.isLinked && copy.namesNobody
        var key = StepKey(isAdd ? "add" : "copy")
        key.add(isAlone ? StageResult.nothing.key : result.key)
        key.add(selection.digest)
        // A path that is not absolute is one in the working directory, whether that is in the layer or not.
        key.add(copy.destination.begins(with: "/") ? "" : directory)
        key.add(copy.destination)
        key.add(copy.owner)
        key.add(copy.mode)
        key.add(copy.keepsParents)
        key.add(copy.isLinked)
        key.add(Int64(copy.sources.count + copy.files.count))
        return try layer(key.digest, step, number, stage, on: isAlone ? result.withoutLayers : result) {
            (lowers, scratch, mounted) throws(BuildError) in
            let work = CopyStep(
                instruction: isAlone ? copy : copy.unlinked, isAdd: isAdd, workingDirectory: directory,
                source: origin.source)
            let taken = try selection.selection(self)
            try building { () throws(EngineError) in try work.execute(taken, on: lowers, in: scratch, tools) }
        }.standing(on: isAlone ? result : nil)
    }

    // MARK: WORKDIR

    func perform(
        directory: String, of user: String, _ step: PlannedStep, _ number: Int, _ stage: PlannedStage,
        on result: StageResult
    ) throws(BuildError) -> StageResult {
        var key = StepKey("workdir")
        key.add(result.key)
        key.add(directory)
        key.add(user)
        return try layer(key.digest, step, number, stage, on: result) {
            (lowers, scratch, mounted) throws(BuildError) in
            try building { () throws(EngineError) in
                try DirectoryStep(path: directory, user: user).execute(on: lowers, in: scratch, tools)
            }
        }
    }

    // MARK: RUN

    func perform(
        _ run: PlannedRun, _ step: PlannedStep, _ number: Int, _ stage: PlannedStage, on result: StageResult
    ) throws(BuildError) -> StageResult {
        var key = StepKey("run")
        key.add(result.key)
        switch run.instruction.program {
        case .shell(let text): key.add(run.shell + [text])
        case .exec(let words): key.add(["exec"] + words)
        case .script(let name, let content):
            key.add(run.shell + [name])
            key.add(data: content)
        }
        key.add(run.environment)
        key.add(run.workingDirectory)
        key.add(run.user)
        key.add(stage.platform.description)
        addSettings(run, to: &key)
        var origins: [ResolvedOrigin?] = []
        for (mount, origin) in zip(run.mounts, run.origins) {
            let resolved = try origin.map { origin throws(BuildError) in try resolve(origin) }
            origins.append(resolved)
            try add(mount, resolved, to: &key)
        }
        let sources = origins
        return try layer(key.digest, step, number, stage, on: result) {
            (lowers, scratch, mounted) throws(BuildError) in
            let work = RunStep(
                instruction: run.instruction, mounts: run.mounts, sources: sources.map { $0?.source }, shell: run.shell,
                environment: run.environment + run.proxies, workingDirectory: run.workingDirectory, user: run.user,
                request: request,
                // A layer's directory has another name once its archive was read.
                sourceKeys: sources.map { if case .layers(let result)? = $0 { result.key } else { nil } })
            try building { () throws(EngineError) in
                try work.execute(on: lowers, in: scratch, tools, started: mounted) { [reporter] stream, bytes in
                    reporter.output(number, stream, bytes)
                }
            }
        }
    }

    private func addSettings(_ run: PlannedRun, to key: inout StepKey) {
        let network = run.instruction.network == .default ? request.container.network : run.instruction.network
        key.add(network.rawValue)
        key.add(run.instruction.security.rawValue)
        key.add(run.instruction.devices.map { $0.name })
        key.add(request.container.hosts.map { "\($0.name)=\($0.address)" })
        key.add(request.container.sharedMemory)
    }

    private func add(_ mount: RunMount, _ origin: ResolvedOrigin?, to key: inout StepKey) throws(BuildError) {
        key.add(mount.kind.rawValue)
        key.add(mount.target)
        key.add(mount.id)
        key.add(mount.source)
        key.add(mount.isReadOnly)
        key.add(mount.isRequired)
        key.add(mount.variable)
        key.add(mount.size)
        for number in [mount.mode, mount.user, mount.group] { key.add(number.map { Int64($0) }) }
        key.add(mount.sharing?.rawValue)
        // What a cache begins with is seen by its first user alone.
        guard mount.kind == .bind, let origin else { return }
        let copy = CopyInstruction(sources: [mount.source ?? "/"], destination: "/")
        key.add(try Selected(copy, isAdd: false, "/", origin, self).digest)
    }
}

extension CopyInstruction {
    /// Whether its owner, if it has one, is given by numbers.
    var namesNobody: Bool { owner?.utf8.allSatisfy { (48...58).contains($0) } ?? true }
}

extension StageResult {
    /// Nothing below: for a step whose layer depends on nothing.
    fileprivate var withoutLayers: StageResult { StageResult(key: key, made: made) }

    /// The same on top of `base`, where the step's layer was made without.
    fileprivate func standing(on base: StageResult?) -> StageResult {
        guard let base else { return self }
        var result = self
        result.layers = base.layers + layers
        return result
    }
}
