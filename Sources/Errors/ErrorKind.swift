/// What sort of failure an error is, whatever its sentence says: a front end makes exit codes and HTTP statuses of it.
/// The names follow those of Docker's engine (`errdefs`).
package enum ErrorKind: Hashable, Sendable {
    /// What was named is not there.
    case notFound
    /// The object is in a state, or a name is taken, that forbids what was asked for.
    case conflict
    /// What was asked for can never be: a name, an option, a document that is none.
    case invalid
    /// Everything was as asked for already.
    case notModified
    /// This engine, or this machine, does not have it.
    case unsupported
    /// The caller may not do it.
    case forbidden
    /// Somebody else who is needed, such as a registry or a supervisor, does not answer.
    case unavailable
    /// What was asked for has been given up because the caller wanted that.
    case cancelled
    /// The machine failed: a system call, the disk, a damaged store.
    case system
    /// A container's command could not be started. `exitCode` is Docker's: 126 where it cannot be executed, 127 where it is
    /// not there, 125 for the engine's own failure.
    case start(exitCode: Int32)
}

/// An error that says what sort of failure it is.
package protocol KindedError: Error {
    /// What sort of failure it is.
    var kind: ErrorKind { get }
}
