import Dockerfile
import Errors
import OCI

/// A COPY or an ADD whose variables have their values.
struct CopyStep: Sendable {
    let instruction: CopyInstruction
    /// Whether it is an ADD, which fetches URLs and unpacks archives.
    let isAdd: Bool
    /// The stage's working directory at this place, absolute.
    let workingDirectory: String
    /// Where the files come from.
    let source: FileSource

    /// Finds what is to be copied, and what the cache has to know of it. Throws BuildKit's sentences.
    func select(_ tools: BuildTools) throws(EngineError) -> FileSelection {
        throw EngineError("COPY is not there yet", .unsupported)
    }

    /// Copies `selection` into a root file system of `lowers` (layers' directories, the lowest first), whose own files go below the
    /// directory `scratch`, as a container's would. Throws `EngineError`; what is in `scratch` is of no use then.
    func execute(
        _ selection: FileSelection, on lowers: [String], in scratch: String, _ tools: BuildTools
    ) throws(EngineError) {
        throw EngineError("COPY is not there yet", .unsupported)
    }
}

/// What a COPY or an ADD takes.
struct FileSelection: Sendable {
    /// Over names, kinds, modes, owners, attributes and contents of all of it, as they would be in the layer; times do not count. With the
    /// instruction and what it stands on, it says all of the layer.
    let digest: Digest
}
