import OCI

/// What a stage has come to, at some place of it.
struct StageResult: Sendable {
    /// The lowest first.
    var layers: [BuildLayer] = []
    /// What the next step's key is made with: over all that the layers depend on.
    var key: Digest
    /// The layers of this build by their steps, those of stages that it is based on with them.
    var made: [Int: BuildLayer] = [:]

    /// The directories of the layers, the lowest first, to be used while they are pinned. One that comes twice is there the second time
    /// alone: overlayfs takes none twice, and it shows nothing that it does not show from above.
    var directories: [String] {
        var seen: Set<String> = []
        var result: [String] = []
        for layer in layers.reversed() {
            let path = layer.now.path
            if seen.insert(path).inserted { result.append(path) }
        }
        return result.reversed()
    }

    /// The diff ids of the layers; nil where one is not known yet.
    var diffIDs: [Digest]? {
        var result: [Digest] = []
        for layer in layers {
            guard let diffID = layer.now.diffID else { return nil }
            result.append(diffID)
        }
        return result
    }

    /// What there is where nothing is.
    static let nothing = StageResult(key: StepKey("nothing").digest)
}
