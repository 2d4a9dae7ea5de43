import Bytes
import Errors
import Linux
import OCI
import Store

/// What the cache knows of a step, as it goes to another machine.
struct StepRecord: Codable, Sendable, Equatable {
    /// The key of the step.
    let key: Digest
    /// The layer that it made, by its diff id.
    let layer: Digest
    /// When it was made.
    let seconds: Int64
    let nanoseconds: Int64
    /// What the step is called.
    let description: String

    /// The longest description in bytes that goes along whole: a RUN may have a whole script in it.
    private static let descriptionLimit = 1024
    /// The end of the year 9999, after which no time can be written as RFC 3339 has it.
    private static let end: Int64 = 253_402_300_800

    /// Of `entry`, whose layer has the diff id `layer` where it goes to.
    init(_ entry: BuildCacheEntry, layer: Digest) {
        key = entry.key
        self.layer = layer
        seconds = Int64(entry.created.seconds)
        nanoseconds = Int64(entry.created.nanoseconds)
        description =
            entry.description.utf8.count > Self.descriptionLimit ? entry.description.excerpt : entry.description
    }

    /// The entry of the cache here, where the layer's directory is called `directory`; nil where no clock has shown such a time.
    func entry(_ directory: Digest, _ layers: LayerStore) -> BuildCacheEntry? {
        guard (0..<Self.end).contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else { return nil }
        let text = description.utf8.count > Self.descriptionLimit ? description.excerpt : description
        return BuildCacheEntry(
            key: key, layer: layer, directory: directory, size: layers.size(of: directory) ?? 0,
            created: Timestamp(seconds: Int(seconds), nanoseconds: Int(nanoseconds)), lastUsed: .now(), useCount: 0,
            description: VisibleText.escaped(text))
    }
}
