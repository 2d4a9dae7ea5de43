import Glibc

/// A command that takes the place of the calling process, with its environment.
package struct Replacement {
    private let words: [UnsafeMutablePointer<CChar>?]

    /// The last `count` words of the calling process's own command line, byte for byte: they need not be UTF-8.
    package init(lastOwnWords count: Int) {
        var words: [UnsafeMutablePointer<CChar>?] = []
        let all = Int(CommandLine.argc)
        for place in max(1, all - count)..<max(1, all) { words.append(CommandLine.unsafeArgv[place]) }
        words.append(nil)
        self.words = words
    }

    /// A program without arguments, by its name or path.
    package init(_ program: String) { words = [strdup(program), nil] }

    /// Executes it: the program is looked for in the caller's PATH unless its name has a slash (execvp(3)). Returns only when
    /// that failed.
    package func execute() -> Errno {
        guard let program = words[0] else { return .noEntry }
        execvp(program, words)
        return .current
    }
}
