import Bytes
import JSON
import OCI

/// What a manifest or an index says of what it is about (image-spec, manifest.md).
struct SubjectOutline: Decodable {
    struct Config: Decodable {
        var mediaType: String?
    }
    var subject: Descriptor?
    var artifactType: String?
    var config: Config?
    var annotations: [ByteKey: String]?

    /// nil for what is no such document.
    init?(_ bytes: [UInt8]) {
        guard let found = try? JSONTree.decode(SubjectOutline.self, from: bytes) else { return nil }
        self = found
    }
}
