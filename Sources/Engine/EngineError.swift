/// An operation that failed: one sentence for the user, and the exit code of the command.
package struct EngineError: Error, Sendable, CustomStringConvertible {
    /// Lowercase; names the object, the cause and, where there is one, the remedy.
    package let message: String
    /// What the command exits with: 125 for the engine's own failures, 126 and 127 for commands that cannot be
    /// run or found, 1 for commands about existing objects, as Docker has it.
    package let exitCode: Int32

    package init(_ message: String, exitCode: Int32 = 125) {
        self.message = message
        self.exitCode = exitCode
    }

    /// The sentence of an error of a lower module, with 125; an `EngineError` as it is. `exitCode` overrules both.
    package init(_ error: any Error, exitCode: Int32? = nil) {
        self.init("\(error)", exitCode: exitCode ?? (error as? EngineError)?.exitCode ?? 125)
    }

    package var description: String { message }
}

/// Runs `body` and makes an `EngineError` of whatever it throws, as `EngineError(_:exitCode:)` does.
func engine<T: ~Copyable>(exitCode: Int32? = nil, _ body: () throws -> T) throws(EngineError) -> T {
    do { return try body() } catch { throw EngineError(error, exitCode: exitCode) }
}
