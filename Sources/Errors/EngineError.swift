/// An operation that failed: one sentence for the user, and what sort of failure it is.
package struct EngineError: KindedError, Sendable, CustomStringConvertible {
    /// Lowercase; names the object, the cause and, where there is one, the remedy.
    package let message: String
    package let kind: ErrorKind

    /// A failure that `message` describes.
    package init(_ message: String, _ kind: ErrorKind = .system) {
        self.message = message
        self.kind = kind
    }

    /// The sentence of an error of a lower module, and its kind where it has one.
    package init(_ error: any Error) {
        self.init("\(error)", (error as? any KindedError)?.kind ?? .system)
    }

    package var description: String { message }
}

/// Runs `body` and makes an `EngineError` of whatever it throws.
package func engine<T: ~Copyable>(_ body: () throws -> T) throws(EngineError) -> T {
    do { return try body() } catch { throw EngineError(error) }
}
