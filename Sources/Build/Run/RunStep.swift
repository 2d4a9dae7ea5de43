import Dockerfile
import Errors

/// A RUN whose variables have their values.
struct RunStep: Sendable {
    let instruction: RunInstruction
    let mounts: [RunMount]
    /// Where the files of each mount with `from`, or of type bind, come from, in the order of `mounts`; nil for the others.
    let sources: [FileSource?]
    /// SHELL.
    let shell: [String]
    /// "NAME=value": the image's, the arguments of the stage, proxies.
    let environment: [String]
    /// Absolute.
    let workingDirectory: String
    /// USER; empty: root.
    let user: String
    let request: BuildRequest

    /// Runs it in a root file system of `lowers` (layers' directories, the lowest first), whose own files go below the directory `scratch`, as
    /// a container's would. `report` gets what it writes, one call at a time. Throws where it cannot be run, with BuildKit's sentence where it
    /// ends with another code than 0, and with the kind `cancelled` where the build ends before; no process of it is left then.
    func execute(
        on lowers: [String], in scratch: String, _ tools: BuildTools,
        report: @escaping @Sendable (BuildStep.Stream, [UInt8]) -> Void
    ) throws(EngineError) {
        throw EngineError("RUN is not there yet", .unsupported)
    }
}
