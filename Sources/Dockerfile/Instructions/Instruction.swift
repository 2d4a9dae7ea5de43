/// One instruction of a Dockerfile, nothing in it expanded.
package struct Instruction: Hashable, Sendable {
    /// What it says.
    package let action: Action
    /// The keyword as it is written.
    package let keyword: String
    /// Its lines, those of here-documents with them.
    package let lines: LineRange
    /// The text, its lines joined, without here-documents: for messages and the image's history.
    package let source: String
    /// The comments directly in front of it.
    package let comments: [String]
    /// The here-documents behind it, in their order.
    package let heredocs: [Heredoc]

    /// The same, said by other lines.
    func at(_ lines: LineRange) -> Instruction {
        Instruction(
            action: action, keyword: keyword, lines: lines, source: source, comments: comments, heredocs: heredocs)
    }

    /// What an instruction says.
    package enum Action: Hashable, Sendable {
        case from(FromInstruction)
        case arg([ArgumentDefinition])
        case env([KeyValue])
        case label([KeyValue])
        case run(RunInstruction)
        case copy(CopyInstruction)
        case add(CopyInstruction)
        case cmd(CommandLine)
        /// nil resets it: ENTRYPOINT with an empty list, or with nothing.
        case entrypoint(CommandLine?)
        case shell([String])
        case healthcheck(HealthCheck)
        /// Ports as they are written; what they mean is `ExposedPorts`' to say once they are expanded.
        case expose([String])
        case volume([String])
        case user(String)
        case workdir(String)
        case stopSignal(String)
        case maintainer(String)
        /// The text of the instruction that is run later (`Dockerfile.trigger`).
        case onbuild(String)
    }
}

/// FROM: what a stage begins with.
package struct FromInstruction: Hashable, Sendable {
    /// An image, the name of an earlier stage or "scratch", not expanded.
    package let base: String
    /// `--platform`, not expanded.
    package let platform: String?
    /// The stage's name in small letters.
    package let name: String?
    /// The name as it is written.
    package let writtenName: String?
    /// The word "AS" as it is written.
    package let asKeyword: String?
}

/// A name and its value in ENV and LABEL, neither of them expanded, quotes in them.
package struct KeyValue: Hashable, Sendable {
    /// The name.
    package let key: String
    /// The value.
    package let value: String
    /// Whether it is written the old way: the name, white space, and all of the rest.
    package let isLegacy: Bool
}

/// A build argument that ARG defines.
package struct ArgumentDefinition: Hashable, Sendable {
    /// Its name, not expanded.
    package let name: String
    /// Its default, not expanded; nil where it has none.
    package let value: String?
    /// What the comment in front says of it.
    package let comment: String?
}

/// A command in one of its two forms.
package enum CommandLine: Hashable, Sendable {
    /// For the shell, as it is written.
    case shell(String)
    /// A list of arguments.
    case exec([String])
}

/// HEALTHCHECK.
package struct HealthCheck: Hashable, Sendable {
    /// The command; nil where it is NONE.
    package let command: CommandLine?
    /// Nanoseconds between checks; 0: the engine's default, as for the others.
    package let interval: Int64
    /// Nanoseconds that a check may take.
    package let timeout: Int64
    /// Nanoseconds in which a failure does not count.
    package let startPeriod: Int64
    /// Nanoseconds between checks in that time.
    package let startInterval: Int64
    /// How many failures make the container unhealthy.
    package let retries: Int32
}
