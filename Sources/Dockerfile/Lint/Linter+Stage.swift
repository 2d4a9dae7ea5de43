import Bytes

// What a stage's instructions say with the values of variables.
extension Linter {
    mutating func check(_ instruction: Instruction, _ walk: inout StageWalk) throws(DockerfileError) {
        let before = walk.scope
        let expanded: ExpandedInstruction
        do throws(DockerfileError) { expanded = try walk.scope.apply(instruction) } catch {
            reportUnset(in: instruction, before)
            throw error
        }
        report(expanded.unset.sorted().map(\.text), instruction, before)
        switch expanded.action {
        case .env(let pairs):
            checkLegacy(pairs, "ENV", instruction)
            for pair in pairs { checkSecret("ENV", pair.key, instruction) }
        case .label(let pairs): checkLegacy(pairs, "LABEL", instruction)
        case .arg(let definitions): for definition in definitions { checkSecret("ARG", definition.name, instruction) }
        case .cmd(let command): checkCommand(command, "CMD", instruction, &walk)
        case .entrypoint(let command): checkCommand(command, "ENTRYPOINT", instruction, &walk)
        case .healthcheck: checkOnce("HEALTHCHECK", instruction, &walk)
        case .shell: walk.hasShell = true
        case .workdir(let path):
            if !walk.hasWorkdir, !path.begins(with: "/") {
                warn(
                    .workdirRelativePath,
                    "Relative workdir \(GoValue.quoted(path)) can have unexpected results if the base image changes",
                    instruction.lines)
            }
            walk.hasWorkdir = true
        case .expose(let words): checkPorts(words, expanded.ports, instruction)
        case .copy(let copy): checkIgnored(copy, "Copy", instruction)
        case .add(let copy): checkIgnored(copy, "Add", instruction)
        case .from, .run, .volume, .user, .stopSignal, .maintainer, .onbuild: break
        }
    }

    // A failed instruction says what it asked for, too.
    private mutating func reportUnset(in instruction: Instruction, _ scope: StageScope) {
        var expanded = ExpandedInstruction(instruction)
        do throws(ExpansionError) { try expanded.expand(scope.variables, file.directives.escape) } catch {
            report(Set(expanded.unset).union(error.unset).sorted().map(\.text), instruction, scope)
        }
    }

    private mutating func report(_ unset: [String], _ instruction: Instruction, _ scope: StageScope) {
        for name in unset where !scope.valueless.has(name) && !BuildArguments.isForScanner(name) {
            let meant = Suggestion.nearest(to: name, among: scope.variables.names)
            let hint = meant.map { " (did you mean $\($0)?)" } ?? ""
            warn(.undefinedVar, "Usage of undefined variable '$\(name)'\(hint)", instruction.lines)
        }
    }

    private mutating func checkLegacy(_ pairs: [KeyValue], _ keyword: String, _ instruction: Instruction) {
        guard pairs.contains(where: \.isLegacy) else { return }
        warn(
            .legacyKeyValueFormat,
            "\"\(keyword) key=value\" should be used instead of legacy \"\(keyword) key value\" format",
            instruction.lines)
    }

    private mutating func checkSecret(_ keyword: String, _ name: String, _ instruction: Instruction) {
        let words = name.lowercased().split(on: "_").map { String($0) }
        let secret = [
            "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token",
        ]
        guard words.contains(where: { secret.has($0) }),
            !words.contains(where: { ["public", "file", "version"].has($0) })
        else { return }
        warn(
            .secretsUsedInArgOrEnv,
            "Do not use ARG or ENV instructions for sensitive data (\(keyword) \(GoValue.quoted(name)))",
            instruction.lines)
    }

    private mutating func checkCommand(
        _ command: CommandLine?, _ keyword: String, _ instruction: Instruction, _ walk: inout StageWalk
    ) {
        if case .shell = command, !walk.hasShell {
            warn(
                .jsonArgsRecommended,
                "JSON arguments recommended for \(instruction.keyword) to prevent unintended behavior related to OS signals",
                instruction.lines)
        }
        checkOnce(keyword, instruction, &walk)
    }

    // The earlier one is what has no effect.
    private mutating func checkOnce(_ keyword: String, _ instruction: Instruction, _ walk: inout StageWalk) {
        if let lines = walk.last[keyword] {
            warn(
                .multipleInstructionsDisallowed,
                "Multiple \(instruction.keyword) instructions should not be used in the same stage because only the last one will be used",
                lines)
        }
        walk.last[keyword] = instruction.lines
    }

    private mutating func checkPorts(_ words: [String], _ ports: [ExposedPorts], _ instruction: Instruction) {
        for (word, port) in zip(words, ports) {
            if port.hasCapitals {
                warn(
                    .exposeProtoCasing, "Defined protocol '\(word)' in EXPOSE instruction should be lowercase",
                    instruction.lines)
            }
            if port.hasHostPart {
                warn(
                    .exposeInvalidFormat,
                    "EXPOSE instruction should not define an IP address or host-port mapping, found '\(word)'",
                    instruction.lines)
            }
        }
    }

    // Where a pattern takes others back, what is left of a directory cannot be told from its name.
    private mutating func checkIgnored(_ copy: CopyInstruction, _ verb: String, _ instruction: Instruction) {
        guard let ignore, !ignore.hasExceptions, copy.from == nil else { return }
        for source in copy.sources {
            var path = IgnoreMatcher.cleaned(Array(source.utf8)[...])
            if path.count > 1, path.first == UInt8(ascii: "/") { path.removeFirst() }
            guard ignore.ignores(path) else { continue }
            warn(
                .copyIgnoredFile,
                "Attempting to \(verb) file \(GoValue.quoted(source)) that is excluded by .dockerignore",
                instruction.lines)
        }
    }
}
