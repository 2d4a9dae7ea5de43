import Errors

/// WORKDIR: a directory, which is made where it is missing, with those that it is in.
struct DirectoryStep: Sendable {
    /// Absolute.
    let path: String
    /// Whose it is when it is made: a name or number, perhaps with a group; empty: root's.
    let user: String

    /// Makes it in a root file system of `lowers` (layers' directories, the lowest first), whose own files go below the directory `scratch`.
    func execute(on lowers: [String], in scratch: String, _ tools: BuildTools) throws(EngineError) {
        throw EngineError("WORKDIR is not there yet", .unsupported)
    }
}
