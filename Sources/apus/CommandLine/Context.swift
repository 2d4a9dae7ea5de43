import Errors
import Glibc
import Linux
import Store
import Supervision

/// What every command gets: the global options and where to write.
struct Context {
    /// The name that messages and help texts use.
    static let program = "apus"

    let options: GlobalOptions
    /// The file of the client's configuration.
    let configuration: ClientConfiguration
    /// Standard output; flushed when the command returns.
    let output: Output
    /// Standard error, unbuffered.
    let errors: Output

    /// Where the store is; nil where nobody has asked for it yet.
    var paths: StorePaths?
    /// What is being made for a container that is to start.
    var beginning: Beginning?

    init(options: GlobalOptions) {
        self.options = options
        configuration = ClientConfiguration(directory: options.config)
        // On a terminal lines appear as they are written; in a pipe they go in large pieces.
        output = Output(STDOUT_FILENO, limit: Terminal.isTerminal(STDOUT_FILENO) ? 0 : 16384)
        errors = .standardError
    }

    /// Prints `apus: message` on standard error.
    func complain(_ message: String) { Self.complain(message, on: errors) }

    /// Prints `apus: message` on `errors`.
    static func complain(_ message: String, on errors: Output) {
        try? errors.line("\(program): \(VisibleText.escaped(message))")
    }

    /// Prints a warning on standard error, unless --log-level leaves it out.
    func warn(_ message: String) {
        if options.logLevel <= .warn { try? errors.line("WARNING: \(VisibleText.escaped(message))") }
    }

    /// Prints what only someone who looks for a fault wants to know (`--debug`).
    func debug(_ message: @autoclosure () -> String) {
        if options.logLevel <= .debug { try? errors.line("DEBUG: \(message())") }
    }

    /// The columns that help texts may use: those of the terminal, else 80.
    var helpWidth: Int { Terminal.size(of: STDIN_FILENO).map { Int($0.columns) } ?? 80 }
}
