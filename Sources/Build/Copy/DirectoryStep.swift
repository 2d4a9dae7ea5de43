import Errors
import Store

/// WORKDIR: a directory, which is made where it is missing, with those that it is in.
struct DirectoryStep: Sendable {
    /// Absolute.
    let path: String
    /// Whose it is when it is made: a name or number, perhaps with a group; empty: root's.
    let user: String

    /// Makes it in a root file system of `lowers` (layers' directories, the lowest first), whose own files go below the directory `scratch`.
    /// Throws `EngineError`; what is in `scratch` is of no use then.
    func execute(on lowers: [String], in scratch: String, _ tools: BuildTools) throws(EngineError) {
        let copy = CopyRequest.Copy(
            roots: [], lowers: lowers, scratch: scratch, destination: Array(path.utf8),
            owner: user.isEmpty ? nil : user,
            mode: nil, isLinked: false)
        try CopyProcess.perform(.makeDirectory(copy), tools)
    }
}
