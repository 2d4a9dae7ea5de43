package import Dockerfile

/// The stages of a Dockerfile as `--call=targets` shows them.
package struct DockerfileTarget: Sendable {
    /// The name in small letters; nil where it has none.
    package let name: String?
    /// What the comment in front of FROM says of the name; nil where it says nothing.
    package let description: String?
    /// What it begins with, as it is written.
    package let base: String
    /// Whether it is built where no target is named.
    package let isDefault: Bool
    /// The lines of FROM.
    package let lines: LineRange

    /// The stages of `file`, in its order.
    package static func all(of file: Dockerfile) -> [DockerfileTarget] {
        file.stages.map { stage in
            DockerfileTarget(
                name: stage.from.name, description: description(of: stage), base: stage.from.base,
                isDefault: stage.index == file.stages.count - 1, lines: stage.instruction.lines)
        }
    }

    /// What the comment in front of `stage` says of its name: what follows where it begins with that.
    static func description(of stage: Stage) -> String? {
        guard let name = stage.from.name else { return nil }
        return stage.instruction.comments.description(of: name)
    }
}
