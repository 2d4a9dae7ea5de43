package import Bytes

/// An instruction whose variables have their values.
package struct ExpandedInstruction: Sendable {
    /// The instruction as it is written.
    package let instruction: Instruction
    /// What it says, expanded. Commands for shells and texts of ONBUILD are not: shells and later builds do that.
    package internal(set) var action: Instruction.Action
    /// The mounts of RUN.
    package private(set) var mounts: [RunMount] = []
    /// The ports of EXPOSE.
    package private(set) var ports: [ExposedPorts] = []
    /// The variables that it used.
    package private(set) var used: Set<ByteKey> = []
    /// The variables that it asked for and that are not set.
    package private(set) var unset: Set<ByteKey> = []

    /// How many bytes all texts of the instruction may grow to.
    var sizeLimit = SourceText.sizeLimit
    private var size = 0

    init(_ instruction: Instruction) {
        self.instruction = instruction
        action = instruction.action
    }

    mutating func expand(_ text: String, _ variables: Variables, _ escape: UInt8) throws(ExpansionError) -> String {
        try note(Expansion(text, variables, escape: escape))
    }

    private mutating func note(_ expansion: Expansion) throws(ExpansionError) -> String {
        size += expansion.text.utf8.count
        guard size <= sizeLimit else {
            throw ExpansionError("an instruction that grows to more than \(sizeLimit >> 20) MiB is refused")
        }
        used.formUnion(expansion.used)
        unset.formUnion(expansion.unset)
        return expansion.text
    }

    mutating func expand(_ variables: Variables, _ escape: UInt8) throws(ExpansionError) {
        switch instruction.action {
        case .env(let pairs): action = .env(try expand(pairs, variables, escape))
        case .label(let pairs): action = .label(try expand(pairs, variables, escape))
        case .user(let text): action = .user(try expand(text, variables, escape))
        case .workdir(let text): action = .workdir(try expand(text, variables, escape))
        case .stopSignal(let text): action = .stopSignal(try expand(text, variables, escape))
        case .volume(let paths):
            action = .volume(try expand(paths, variables, escape))
            if case .volume(let paths) = action, paths.contains(where: \.isEmpty) {
                throw ExpansionError("VOLUME specified can not be an empty string", used: used, unset: unset)
            }
        case .expose(let words): try expandPorts(words, variables, escape)
        case .copy(let copy): action = .copy(try expand(copy, variables, escape))
        case .add(let copy): action = .add(try expand(copy, variables, escape))
        case .run(let run):
            for text in run.mounts {
                let mount = try RunMount(text, variables, escape: escape)
                used.formUnion(mount.used)
                unset.formUnion(mount.unset)
                mounts.append(mount)
            }
        case .from, .arg, .cmd, .entrypoint, .shell, .healthcheck, .maintainer, .onbuild: break
        }
    }

    private mutating func expand(
        _ texts: [String], _ variables: Variables, _ escape: UInt8
    ) throws(ExpansionError) -> [String] {
        var result: [String] = []
        for text in texts { result.append(try expand(text, variables, escape)) }
        return result
    }

    private mutating func expand(
        _ pairs: [KeyValue], _ variables: Variables, _ escape: UInt8
    ) throws(ExpansionError) -> [KeyValue] {
        var result: [KeyValue] = []
        for pair in pairs {
            let key = try expand(pair.key, variables, escape)
            let value = try expand(pair.value, variables, escape)
            result.append(KeyValue(key: key, value: value, isLegacy: pair.isLegacy))
        }
        return result
    }

    private mutating func expandPorts(
        _ words: [String], _ variables: Variables, _ escape: UInt8
    ) throws(ExpansionError) {
        var all: [String] = []
        for word in words.sorted(by: { $0.comes(before: $1) }) {
            let expansion = try Expansion(word, variables, escape: escape)
            _ = try note(expansion)
            all += expansion.words
        }
        for word in all { ports.append(try ExposedPorts(word)) }
        action = .expose(all)
    }

    private mutating func expand(
        _ copy: CopyInstruction, _ variables: Variables, _ escape: UInt8
    ) throws(ExpansionError) -> CopyInstruction {
        let owner = try copy.owner.map { text throws(ExpansionError) in try expand(text, variables, escape) }
        let mode = try copy.mode.map { text throws(ExpansionError) in try expand(text, variables, escape) }
        let checksum = try copy.checksum.map { text throws(ExpansionError) in try expand(text, variables, escape) }
        let excluded = try expand(copy.excluded, variables, escape)
        let sources = try expand(copy.sources, variables, escape)
        let destination = try expand(copy.destination, variables, escape)
        var files: [CopyInstruction.InlineFile] = []
        for file in copy.files {
            let content =
                file.isExpanded ? Array(try note(Expansion(document: file.content, variables)).utf8) : file.content
            files.append(CopyInstruction.InlineFile(name: file.name, content: content, isExpanded: false))
        }
        return CopyInstruction(
            sources: sources, files: files, destination: destination, from: copy.from, owner: owner, mode: mode,
            isLinked: copy.isLinked, keepsParents: copy.keepsParents, excluded: excluded, checksum: checksum,
            keepsGitDirectory: copy.keepsGitDirectory, unpacks: copy.unpacks)
    }
}
