import Glibc
import Linux
import Runtime

/// Why a container could not be started, as its client is told.
struct SupervisorFailure: Error {
    let message: String
    /// Docker's: 125 for the engine, 126 and 127 for the command.
    let exitCode: CInt

    init(_ message: String, exitCode: CInt = 125) {
        self.message = message
        self.exitCode = exitCode
    }

    init(_ error: SystemError) { self.init("cannot start the container: \(error)") }

    init(_ error: LaunchError) { self.init(error.description, exitCode: error.exitCode) }
}
