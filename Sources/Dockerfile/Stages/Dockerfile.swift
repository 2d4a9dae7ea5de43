import Bytes

/// A Dockerfile that was read: what is in it, nothing of it expanded.
package struct Dockerfile: Sendable {
    /// How many instructions are read.
    package static let instructionLimit = 100_000

    /// The file.
    package let source: SourceText
    /// What its first comments say.
    package let directives: ParserDirectives
    /// The arguments in front of the first stage.
    package let globalArguments: [Instruction]
    /// The stages; at least one.
    package let stages: [Stage]
    /// Lines at which a continuation that has empty lines in it ends.
    package let emptyContinuations: [LineRange]

    /// Reads `bytes`. Throws BuildKit's sentence, with lines, for what is no Dockerfile.
    package init(_ bytes: [UInt8]) throws(DockerfileError) { try self.init(SourceText(bytes)) }

    /// As `init(_:)`, of a text whose lines are known: for who shows the lines that an error is about.
    package init(_ source: SourceText) throws(DockerfileError) {
        guard source.count > 0 else { throw DockerfileError("the Dockerfile cannot be empty") }
        var reader = LineReader(source)
        let lines = try reader.read()
        guard !lines.isEmpty else { throw DockerfileError("file with no instructions") }
        guard lines.count <= Self.instructionLimit else {
            throw DockerfileError("more than \(Self.instructionLimit) instructions are refused")
        }
        var instructions: [Instruction] = []
        instructions.reserveCapacity(lines.count)
        for line in lines { instructions.append(try InstructionParser(line, escape: reader.directives.escape).parse()) }
        self.source = source
        directives = reader.directives
        emptyContinuations = reader.emptyContinuations
        (globalArguments, stages) = try Self.divided(instructions)
    }

    private static func divided(_ instructions: [Instruction]) throws(DockerfileError) -> ([Instruction], [Stage]) {
        var globals: [Instruction] = []
        var stages: [Stage] = []
        var head: (FromInstruction, Instruction)?
        var body: [Instruction] = []
        func close() {
            guard let (from, instruction) = head else { return }
            stages.append(Stage(index: stages.count, from: from, instruction: instruction, instructions: body))
            body = []
        }
        for instruction in instructions {
            switch (instruction.action, head) {
            case (.from(let from), _):
                close()
                head = (from, instruction)
            case (.arg, nil): globals.append(instruction)
            case (_, nil): throw DockerfileError("no build stage in current context", [instruction.lines])
            default: body.append(instruction)
            }
        }
        close()
        guard !stages.isEmpty else { throw DockerfileError("dockerfile contains no stages to build") }
        return (globals, stages)
    }

    /// The instruction that an image's trigger has, read as this file's would be (`ONBUILD`). Its lines are `lines`, those of the
    /// FROM that brings it along. Throws for one that is none, or may not be one.
    package static func trigger(_ text: String, of lines: LineRange) throws(DockerfileError) -> Instruction {
        let file: Dockerfile
        do throws(DockerfileError) { file = try Dockerfile(Array(("FROM scratch\n" + text + "\n").utf8)) } catch {
            throw DockerfileError("the trigger \(GoValue.quoted(text)): \(error.sentence)", [lines], kind: error.kind)
        }
        guard file.stages.count == 1, file.stages[0].instructions.count == 1 else {
            throw DockerfileError("the trigger \(GoValue.quoted(text)) is not one instruction", [lines])
        }
        let instruction = file.stages[0].instructions[0]
        switch instruction.action {
        case .onbuild, .maintainer:
            throw DockerfileError("\(instruction.keyword.uppercased()) isn't allowed as an ONBUILD trigger", [lines])
        default: return instruction.at(lines)
        }
    }
}
