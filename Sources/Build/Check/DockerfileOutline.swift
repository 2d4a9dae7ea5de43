import Bytes
package import Dockerfile

/// What a target of a Dockerfile takes from its caller, as `--call=outline` shows it: arguments, secrets and SSH agents.
package struct DockerfileOutline: Sendable {
    /// An argument that the target, or a stage that it needs, uses.
    package struct Argument: Sendable {
        /// Its name.
        package let name: String
        /// What the comment in front of ARG says of it; nil where it says nothing.
        package let description: String?
        /// Its value, the caller's or its default; nil where it has none.
        package let value: String?
        /// The lines of ARG.
        package let lines: LineRange
    }

    /// A secret or an agent that a RUN mounts.
    package struct Mount: Sendable {
        /// Its identifier.
        package let id: String
        /// Whether the RUN fails without it.
        package let isRequired: Bool
        /// The lines of the RUN.
        package let lines: LineRange
    }

    /// The target's name in small letters; nil where it has none.
    package let name: String?
    /// What the comment in front of its FROM says of the name; nil where it says nothing.
    package let description: String?
    /// The arguments, in the order of their lines.
    package private(set) var arguments: [Argument] = []
    /// The secrets, in the order of the file.
    package private(set) var secrets: [Mount] = []
    /// The agents, in the order of the file.
    package private(set) var agents: [Mount] = []

    /// The outline of the stage `target` of `file` (nil: the last one), with `arguments` of the caller. Variables of images that are not read for it are
    /// taken to be unset. Throws for a file that cannot be built.
    package init(_ file: Dockerfile, target: String?, _ arguments: BuildArguments) throws(DockerfileError) {
        let scope = try GlobalScope(file, arguments)
        let graph = try StageGraph(file, scope)
        let number = try graph.target(target)
        let stage = file.stages[number]
        name = stage.from.name
        description = DockerfileTarget.description(of: stage)
        var found = ArgumentList(file, scope)
        var ends: [Int: StageScope] = [:]
        for number in try graph.reachable(from: number) {
            let stage = file.stages[number]
            try found.use(namesOf: stage, scope, file)
            var base = StageScope(environment: [], scope, escape: file.directives.escape)
            if let need = graph.needs[number].first, case .stage(let other) = need.origin, let end = ends[other] {
                base = StageScope(after: end)
            }
            for instruction in stage.instructions {
                let expanded = try base.apply(instruction)
                if case .arg(let definitions) = expanded.action { found.add(definitions, instruction, scope) }
                for mount in expanded.mounts { note(mount, instruction.lines) }
            }
            ends[number] = base
        }
        self.arguments = found.used
    }

    private mutating func note(_ mount: RunMount, _ lines: LineRange) {
        switch mount.kind {
        case .secret:
            let file = mount.target?.split(on: "/").last.map { String($0) }
            guard let id = mount.id ?? mount.source ?? file, !secrets.contains(where: { $0.id.isSame(as: id) }) else {
                return
            }
            secrets.append(Mount(id: id, isRequired: mount.isRequired, lines: lines))
        case .ssh:
            let id = mount.id ?? "default"
            guard !agents.contains(where: { $0.id.isSame(as: id) }) else { return }
            agents.append(Mount(id: id, isRequired: mount.isRequired, lines: lines))
        case .bind, .cache, .tmpfs: break
        }
    }
}

/// The arguments that were found so far, and which of them are used.
private struct ArgumentList {
    private var all: [ByteKey: DockerfileOutline.Argument] = [:]
    private var order: [ByteKey] = []
    private var usedNames: Set<ByteKey> = []

    /// Those in front of the first stage of `file`, none of them used yet.
    init(_ file: Dockerfile, _ scope: GlobalScope) {
        for instruction in file.globalArguments {
            guard case .arg(let definitions) = instruction.action else { continue }
            for definition in definitions { set(definition, scope.declared[definition.name], instruction) }
        }
    }

    private mutating func set(_ definition: ArgumentDefinition, _ value: String?, _ instruction: Instruction) {
        let key = ByteKey(definition.name)
        if all[key] == nil { order.append(key) }
        let description = definition.comment
        all[key] = DockerfileOutline.Argument(
            name: definition.name, description: description.flatMap { $0.isEmpty ? nil : $0 }, value: value,
            lines: instruction.lines)
    }

    /// The arguments that FROM of `stage` uses.
    mutating func use(namesOf stage: Stage, _ scope: GlobalScope, _ file: Dockerfile) throws(DockerfileError) {
        for word in [stage.from.base, stage.from.platform ?? ""] {
            usedNames.formUnion(try scope.expand(word, file.directives.escape, stage.instruction.lines).used)
        }
    }

    /// What ARG in a stage defines. One that has its value from in front of the first stage is described there.
    mutating func add(_ definitions: [ArgumentDefinition], _ instruction: Instruction, _ scope: GlobalScope) {
        guard case .arg(let written) = instruction.action else { return }
        for (definition, source) in zip(definitions, written) {
            let isInherited =
                source.value == nil && scope.arguments.given[definition.name] == nil
                && scope.variables[definition.name] != nil
            usedNames.insert(ByteKey(definition.name))
            if !isInherited { set(definition, definition.value, instruction) }
        }
    }

    /// Those that are used, in the order of their lines.
    var used: [DockerfileOutline.Argument] {
        let found = order.filter { usedNames.contains($0) }.compactMap { all[$0] }
        return found.enumerated().sorted {
            ($0.element.lines.first, $0.offset) < ($1.element.lines.first, $1.offset)
        }.map(\.element)
    }
}
