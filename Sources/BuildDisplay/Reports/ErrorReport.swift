import Build
import Dockerfile
import Errors

/// Why a build failed, below all that was shown of it.
enum ErrorReport {
    /// The lines of the Dockerfile that it is about, and the sentence.
    static func text(_ error: BuildError) -> String {
        let sentence = VisibleText.escaped(error.message, keeping: "\t\n")
        let kind = error.kind == .cancelled ? "Canceled: " : ""
        return (error.excerpt?.text ?? "") + "ERROR: failed to build: failed to solve: \(kind)\(sentence)\n"
    }
}
