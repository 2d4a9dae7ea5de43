import Bytes

// Registries keep other things than images in the same form: signatures, attestations, inventories, charts.

extension Manifest {
    /// The type of what this is where it is no image; nil for an image, which may have layers of types that are not supported. What cosign
    /// attaches has the configuration of an image, and its layers say what it is.
    package var artifactKind: String? {
        let declared = artifactType.flatMap { $0.isEmpty ? nil : $0 }
        guard describesImage else { return declared ?? config.mediaType }
        guard let first = layers.first, !layers.contains(where: { MediaType.isOfFileSystem($0.mediaType) }) else {
            return nil
        }
        return declared ?? first.mediaType
    }
}

extension ImageIndex {
    /// Whether it lists no image: nothing, or what says of itself that it is an artifact or describes one. So are the lists of referrers that
    /// clients keep under a tag (distribution-spec, "Referrers Tag Schema").
    package var isOfArtifacts: Bool {
        manifests.allSatisfy { $0.isAttestation || $0.platform == nil && $0.artifactType?.isEmpty == false }
    }
}

extension MediaType {
    /// Whether a blob of this type is a part of a file system, whether it can be unpacked or not (an encrypted one).
    fileprivate static func isOfFileSystem(_ type: String) -> Bool {
        isLayer(type) || type.begins(with: "application/vnd.oci.image.layer.")
            || type.begins(with: "application/vnd.docker.image.rootfs.")
    }
}
