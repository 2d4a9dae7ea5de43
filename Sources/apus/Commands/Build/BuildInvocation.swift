import Build
import BuildDisplay

/// All that a command line of `build` says.
struct BuildInvocation: Sendable {
    var request: BuildRequest
    var plan: OutputPlan
    var call: DockerfileCall
    var progress: ProgressMode
    /// Whether the image's id is the only thing that is printed.
    var isQuiet: Bool
    /// Where the image's id is written to; nil: nowhere.
    var imageIDFile: String?
    /// Where the metadata are written to; nil: nowhere.
    var metadataFile: String?
}
