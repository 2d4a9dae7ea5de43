import Dockerfile
import OCI
import Store

/// What the build of one platform will do, worked out before anything is done.
struct BuildPlan: Sendable {
    let platform: Platform
    /// The stages that the target needs, in the order of the file.
    var stages: [PlannedStage] = []
    /// The place of the stage with this number in `stages`.
    var places: [Int: Int] = [:]
    /// The number of the stage whose result is the build's.
    let target: Int

    /// The stage with this number, which is one of those that the target needs.
    func stage(_ number: Int) -> PlannedStage { stages[places[number]!] }
}

/// A stage: what it begins with, and what is done then.
struct PlannedStage: Sendable {
    /// What a stage begins with.
    enum Base: Sendable {
        case scratch
        case stage(Int)
        case image(BaseImage)
        /// The context that the caller has named so.
        case context(String)
    }

    let number: Int
    let base: Base
    /// What its commands are for.
    let platform: Platform
    /// The step that stands for the base; nil where there is none to show.
    var baseName: String?
    var steps: [PlannedStep] = []
    /// The configuration at its end.
    var configuration: StageConfiguration
    /// The variables at its end.
    var scope: StageScope
    /// Whether nothing of it is taken from the cache (`--no-cache-filter`).
    var isUncached = false
}

/// An image of the store that a stage is based on, or that files are taken from.
struct BaseImage: Sendable {
    /// As it is shown: "docker.io/library/debian:12".
    let name: String
    /// As the Dockerfile has it.
    let written: String
    let image: StoredImage
}

/// Where a step's files come from.
enum FileOrigin: Sendable {
    /// The main context (nil), or one that the caller has named.
    case context(String?)
    case stage(Int)
    case image(BaseImage)
    case nothing
}

/// An instruction that makes a layer.
struct PlannedStep: Sendable {
    /// What is done.
    enum Action: Sendable {
        case run(PlannedRun)
        case copy(CopyInstruction, isAdd: Bool, workingDirectory: String, from: FileOrigin)
        /// A directory, which is made where it is missing, and whose it is then (empty: root's).
        case workdir(String, user: String)
    }

    /// Its number in the whole plan.
    let id: Int
    /// As displays show it: "[build 2/3] RUN make".
    let name: String
    let lines: LineRange
    let action: Action
}

/// A RUN, and what it finds.
struct PlannedRun: Sendable {
    let instruction: RunInstruction
    let mounts: [RunMount]
    /// Where the files of a mount come from; nil for those that bring their own.
    let origins: [FileOrigin?]
    let shell: [String]
    /// Variables, "NAME=value".
    let environment: [String]
    /// Proxies that the caller gave and the file does not name: the cache does not know them.
    let proxies: [String]
    let workingDirectory: String
    let user: String
}
