/// What a command takes: its words, flags and number of arguments, as data.
package struct CommandSyntax: Sendable {
    /// How many positional arguments are allowed.
    package enum ArgumentCount: Sendable, Equatable {
        case none
        case exactly(Int)
        case atLeast(Int)
        case atMost(Int)
        case between(Int, Int)
        case any
    }

    /// One phrase, as the list of commands shows it.
    package var summary: String
    /// What follows the command's name in "Usage:", one element per line: `[OPTIONS] IMAGE [COMMAND] [ARG...]`.
    package var usage: [String]
    /// More sentences for `--help` and the manual page; the summary when nil.
    package var description: String?
    package var flags: [Flag]
    package var arguments: ArgumentCount
    /// Whether flags may stand between and after positional arguments. `run`, `create` and `exec` say no:
    /// everything from the first positional argument on belongs to the command in the container.
    package var isInterspersed: Bool
    /// What positional arguments name, for shell completion.
    package var completion: Completion

    /// What a shell completes a positional argument with.
    package enum Completion: Sendable, Equatable {
        case none
        case files
        case containers
        case runningContainers
        case images
        case networks
        case volumes
    }

    package init(
        summary: String, usage: [String], description: String? = nil, flags: [Flag] = [],
        arguments: ArgumentCount = .any, isInterspersed: Bool = true, completion: Completion = .none
    ) {
        self.summary = summary
        self.usage = usage
        self.description = description
        self.flags = flags
        self.arguments = arguments
        self.isInterspersed = isInterspersed
        self.completion = completion
    }
}

extension CommandSyntax.ArgumentCount {
    /// What is wrong with `count` arguments for the command at `path` ("apus run"), in Docker's words; nil if fine.
    func complaint(_ count: Int, path: String) -> String? {
        func arguments(_ number: Int) -> String { number == 1 ? "1 argument" : "\(number) arguments" }
        switch self {
        case .any: return nil
        case .none: return count == 0 ? nil : "'\(path)' accepts no arguments"
        case .exactly(let wanted):
            return count == wanted ? nil : "'\(path)' requires \(arguments(wanted))"
        case .atLeast(let least):
            return count >= least ? nil : "'\(path)' requires at least \(arguments(least))"
        case .atMost(let most):
            return count <= most ? nil : "'\(path)' requires at most \(arguments(most))"
        case .between(let least, let most):
            return (least...most).contains(count)
                ? nil : "'\(path)' requires at least \(least) and at most \(arguments(most))"
        }
    }
}
