import Flags

/// A command as a value: what it takes and what it does. Each verb is one, in its own file.
struct Verb: Sendable {
    /// Tells verbs apart; the management form of the name ("container ls").
    let id: String
    let syntax: CommandSyntax
    /// The exit status when `run` throws an error that has no status of its own: 125 for `run`, else 1.
    var failureStatus: CInt = 1
    /// What is done before the arguments are looked at.
    var ahead: (@Sendable (_ arguments: [String], _ context: inout Context) -> Void)?
    /// Does the work and returns the process's exit status.
    let run: @Sendable (ParsedArguments, Context) throws -> CInt
}

/// A failure with an exit status of its own, or with none of its own words left to say.
struct CommandFailure: Error, CustomStringConvertible {
    /// What to print after `apus: `; empty when everything has been said.
    let message: String
    let status: CInt

    init(_ message: String, status: CInt = 1) {
        self.message = message
        self.status = status
    }

    var description: String { message }
}
