package import Dockerfile
package import Errors

/// Why a build failed.
package struct BuildError: KindedError, Sendable, CustomStringConvertible {
    /// One sentence, as BuildKit has it behind "failed to solve: ".
    package let message: String
    package let kind: ErrorKind
    /// The lines of the Dockerfile that it is about; nil where it is about none.
    package var excerpt: SourceExcerpt?
    /// The step that failed; nil where none did.
    package var step: Int?
    /// The exit code of the command of RUN that failed; nil where none did.
    package var exitCode: Int32?

    package init(_ message: String, _ kind: ErrorKind = .system, excerpt: SourceExcerpt? = nil, step: Int? = nil) {
        self.message = message
        self.kind = kind
        self.excerpt = excerpt
        self.step = step
    }

    package var description: String { message }
}

extension BuildError {
    /// What a part of the engine has said.
    init(_ error: EngineError) {
        self.init(error.message, error.kind)
        if case .start(let code) = error.kind { exitCode = code }
    }
}

/// Runs `body` and makes a `BuildError` of what it throws.
func building<T>(_ body: () throws(EngineError) -> T) throws(BuildError) -> T {
    do throws(EngineError) { return try body() } catch { throw BuildError(error) }
}
