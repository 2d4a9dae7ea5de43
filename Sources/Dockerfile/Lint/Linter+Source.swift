import Bytes

// What can be seen without values of variables.
extension Linter {
    mutating func checkSource() {
        for lines in file.emptyContinuations { warn(.noEmptyContinuation, "Empty continuation line", lines) }
        for instruction in file.globalArguments { checkDescription(instruction) }
        for stage in file.stages {
            checkFromWords(stage)
            for instruction in stage.instructions {
                checkDescription(instruction)
                if case .maintainer = instruction.action {
                    warn(
                        .maintainerDeprecated, "Maintainer instruction is deprecated in favor of using label",
                        instruction.lines)
                }
            }
        }
        checkStageNames()
        checkCase()
    }

    private mutating func checkFromWords(_ stage: Stage) {
        let lines = stage.instruction.lines
        if let name = stage.from.writtenName, !name.isSame(as: name.lowercased()) {
            warn(.stageNameCasing, "Stage name '\(name)' should be lowercase", lines)
        }
        let keyword = stage.instruction.keyword
        if let word = stage.from.asKeyword {
            let wanted =
                keyword.isSame(as: keyword.lowercased())
                ? word.lowercased() : keyword.isSame(as: keyword.uppercased()) ? word.uppercased() : word
            if !word.isSame(as: wanted) {
                warn(.fromAsCasing, "'\(word)' and '\(keyword)' keywords' casing do not match", lines)
            }
        }
        if let name = stage.from.name { checkDescription("FROM", [name], stage.instruction) }
    }

    private mutating func checkDescription(_ instruction: Instruction) {
        guard case .arg(let definitions) = instruction.action else { return }
        checkDescription("ARG", definitions.map(\.name), instruction)
    }

    private mutating func checkDescription(_ keyword: String, _ names: [String], _ instruction: Instruction) {
        guard let comment = instruction.comments.last, !names.has(String(comment.until(" "))) else { return }
        let example = names.count == 1 ? names[0] : "<arg_key>"
        warn(
            .invalidDefinitionDescription,
            "Comment for \(keyword) should follow the format: `# \(example) <description>`", instruction.lines)
    }

    private mutating func checkStageNames() {
        var seen: Set<String> = []
        for stage in file.stages {
            guard let name = stage.from.name else { continue }
            let lines = stage.instruction.lines
            if ["scratch", "context"].has(name) {
                warn(
                    .reservedStageName,
                    "Stage name should not use the same name as reserved stage \(GoValue.quoted(name))", lines)
            }
            if !seen.insert(name).inserted {
                warn(
                    .duplicateStageName, "Duplicate stage name \(GoValue.quoted(name)), stage names should be unique",
                    lines)
            }
        }
    }

    // The majority says which case is right; capitals where there is none.
    private mutating func checkCase() {
        let all = file.stages.flatMap { [$0.instruction] + $0.instructions }
        let small = all.count { $0.keyword.isSame(as: $0.keyword.lowercased()) }
        let capital = all.count { $0.keyword.isSame(as: $0.keyword.uppercased()) }
        let isSmall = small > capital
        for instruction in all {
            let keyword = instruction.keyword
            guard !keyword.isSame(as: isSmall ? keyword.lowercased() : keyword.uppercased()) else { continue }
            warn(
                .consistentInstructionCasing,
                "Command '\(keyword)' should match the case of the command majority (\(isSmall ? "lowercase" : "uppercase"))",
                instruction.lines)
        }
    }
}
