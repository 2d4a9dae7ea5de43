import Glibc

/// The hidden verb by which a command line ends that has given its memory to a supervisor (`Linux.depart`), where there is something to
/// say: it prints a message as every command does.
enum LastWords {
    static let verb = "last-words"

    /// Prints the message behind an exit code, and returns that; nil where `words`, behind the verb, are not such.
    static func say(_ words: [String]) -> CInt? {
        guard words.count == 2, let code = CInt(words[0]) else { return nil }
        if !words[1].isEmpty { Context.complain(words[1], on: .standardError) }
        return code
    }
}
