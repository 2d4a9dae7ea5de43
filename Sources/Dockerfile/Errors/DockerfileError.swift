package import Errors

/// Why a text is no Dockerfile, or one that cannot be built: a sentence in BuildKit's words, and which lines it is about.
package struct DockerfileError: KindedError, Equatable, Sendable, CustomStringConvertible {
    /// The sentence, with a hint where a name is nearly one that is known: "unknown instruction: RUNN (did you mean RUN?)".
    package let sentence: String
    /// What the sentence is about; empty for the file as a whole.
    package let lines: [LineRange]
    /// What sort of failure it is: always that the file is not valid, or not supported.
    package let kind: ErrorKind
    /// Whether BuildKit puts "dockerfile parse error on line N: " in front of it: for what one instruction says.
    package let isOfInstruction: Bool

    init(_ sentence: String, _ lines: [LineRange] = [], isOfInstruction: Bool = false, kind: ErrorKind = .invalid) {
        self.sentence = sentence
        self.lines = lines
        self.isOfInstruction = isOfInstruction
        self.kind = kind
    }

    init(_ fault: Fault, in lines: LineRange, isOfInstruction: Bool = true) {
        self.init(fault.sentence, [lines], isOfInstruction: isOfInstruction)
    }

    /// The sentence as BuildKit prints it, without the source's lines.
    package var description: String {
        guard isOfInstruction, let line = lines.first?.first else { return sentence }
        return "dockerfile parse error on line \(line): \(sentence)"
    }

    /// The sentence below the lines of `source` that it is about, as BuildKit shows them. `name` is the file's.
    package func report(source: SourceText, name: String) -> String {
        guard let lines = lines.first else { return description }
        return SourceExcerpt(source: source, name: name, lines: lines).text + description
    }
}

/// What is wrong with one instruction, before it is known where that is.
struct Fault: Error, Equatable {
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }

    /// `sentence`, and which of `names` was meant by `given`, where one is near.
    init(_ sentence: String, given: String, among names: [String], ignoringCase: Bool = false) {
        let meant = Suggestion.nearest(to: given, among: names, ignoringCase: ignoringCase)
        self.sentence = sentence + (meant.map { " (did you mean \($0)?)" } ?? "")
    }
}
