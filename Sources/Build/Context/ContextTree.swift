import Dockerfile

/// The files of a context, in a directory, without what its `.dockerignore` leaves out.
struct ContextTree: Sendable {
    /// An absolute path.
    let directory: String
    /// What is left out; nil: nothing.
    let ignored: IgnoreMatcher?
}
