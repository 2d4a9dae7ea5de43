/// A command line that cannot be understood.
package struct UsageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, in pflag's words ("unknown flag: --x").
    package let message: String
    /// The process's exit status: 125 for flags, 1 for the number of arguments and unknown commands, as Docker's.
    package let exitCode: CInt
    /// Whether the hint begins with "See" rather than "Run": Docker says so where too few arguments were given.
    package let saysSee: Bool

    package init(_ message: String, exitCode: CInt = 125, saysSee: Bool = false) {
        self.message = message
        self.exitCode = exitCode
        self.saysSee = saysSee
    }

    package var description: String { message }

    /// What goes to standard error: the message, the usage lines and where to read more.
    /// `path` is the command as the user wrote it, from the program's name on.
    package func report(program: String, path: String, usage: [String]) -> String {
        var text = "\(program): \(message)\n\n"
        text += usageLines(path: path, usage: usage)
        text += "\n\(saysSee ? "See" : "Run") '\(path) --help' for more information\n"
        return text
    }
}

/// "Usage:  apus cp …" with further lines indented by a tab.
func usageLines(path: String, usage: [String]) -> String {
    if usage.isEmpty { return "Usage:  \(path)\n" }
    var text = ""
    for (index, line) in usage.enumerated() {
        text += index == 0 ? "Usage:  " : "\t"
        text += line.isEmpty ? path : "\(path) \(line)"
        text += "\n"
    }
    return text
}
