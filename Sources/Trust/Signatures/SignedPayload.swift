import Bytes
import JSON
import OCI

/// What a signature says: that an image, by the digest of its manifest, is the one of a name (containers-signature(5), and sigstore's
/// SIGNATURE_SPEC.md for its type).
struct SignedPayload: Sendable, Equatable {
    let digest: Digest
    /// As it was written.
    let reference: String

    private static let type = "cosign container image signature"

    /// Reads `bytes`, which were verified. Throws where they say anything that is not understood, but for what is `optional`.
    init(_ bytes: [UInt8]) throws(PolicyFault) {
        let tree: JSONTree
        do throws(JSONError) { tree = try JSONTree.parse(bytes) } catch { throw PolicyFault("it is \(error)") }
        let document = try Self.object(tree, "it", ["critical", "optional"])
        switch document["optional"] {
        case .null?: break
        case let tree: _ = try PolicyObject(tree ?? .null, "optional")
        }
        let critical = try Self.object(document["critical"], "critical", ["type", "image", "identity"])
        guard let type = try critical.text("type"), type.isSame(as: Self.type) else {
            throw PolicyFault("critical.type is not \"\(Self.type)\"")
        }
        let image = try Self.object(critical["image"], "critical.image", ["docker-manifest-digest"])
        let text = try image.requiredText("docker-manifest-digest")
        guard let digest = Digest(text) else {
            throw PolicyFault("\(image.place).docker-manifest-digest is \"\(text.excerpt)\", which is no digest")
        }
        self.digest = digest
        reference = try Self.object(critical["identity"], "critical.identity", ["docker-reference"])
            .requiredText("docker-reference")
    }

    /// The object with the members `names`, all of them and no others.
    private static func object(_ tree: JSONTree?, _ place: String, _ names: [String]) throws(PolicyFault)
        -> PolicyObject
    {
        guard let tree else { throw PolicyFault("\(place) is missing") }
        let object = try PolicyObject(tree, place)
        try object.allow(names)
        for name in names where object[name] == nil { throw PolicyFault("\(place) has no \"\(name)\"") }
        return object
    }
}
