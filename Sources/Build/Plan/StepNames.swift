import Dockerfile

/// What displays call the steps of one stage: "[linux/amd64 build  2/16] RUN make".
struct StepNames {
    private let prefix: String
    private let total: Int
    private var done = 0

    /// Of `stage`; `name` is nil where it is the only one and has no name, `platform` where there is one platform alone.
    init(_ name: String?, platform: String?, total: Int) {
        prefix = [platform, name].compactMap { $0.map { $0 + " " } }.joined()
        self.total = total
    }

    /// The name of the next step, which does `text`.
    mutating func next(_ text: String) -> String {
        guard total > 0 else { return text }
        done += 1
        let (number, all) = (String(done), String(total))
        let padding = String(repeating: " ", count: max(0, all.utf8.count - number.utf8.count))
        return "[\(prefix)\(padding)\(number)/\(all)] \(text)"
    }

    /// Counts a step that is not shown.
    mutating func skip() { done += 1 }

    /// What is shown of `instruction`, whose here-document is summed up.
    static func text(_ instruction: Instruction, _ variables: Variables, escape: UInt8) -> String {
        let text = Expansion.displayed(instruction.source, variables, escape: escape)
        guard case .run(let run) = instruction.action, let document = instruction.heredocs.first,
            instruction.heredocs.count == 1, isWhole(run, document)
        else { return text }
        let lines = String(decoding: document.content, as: UTF8.self).split(
            whereSeparator: { $0.isNewline })
        guard let first = lines.first else { return text }
        return "\(text) (\(first)\(lines.count > 1 ? "..." : ""))"
    }

    // Whether the document is all that is run.
    private static func isWhole(_ run: RunInstruction, _ document: Heredoc) -> Bool {
        switch run.program {
        case .script: true
        case .shell(let text): Array(text.utf8) == document.content
        case .exec: false
        }
    }
}
