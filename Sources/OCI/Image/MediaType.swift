/// Media types of image-spec (media-types.md) and of Docker's image manifest version 2, schema 2.
package enum MediaType {
    package static let ociIndex = "application/vnd.oci.image.index.v1+json"
    package static let ociManifest = "application/vnd.oci.image.manifest.v1+json"
    package static let ociConfig = "application/vnd.oci.image.config.v1+json"
    package static let ociLayer = "application/vnd.oci.image.layer.v1.tar"
    package static let ociLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip"
    package static let ociLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd"
    package static let dockerList = "application/vnd.docker.distribution.manifest.list.v2+json"
    package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    package static let dockerConfig = "application/vnd.docker.container.image.v1+json"
    package static let dockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    package static let dockerLayer = "application/vnd.docker.image.rootfs.diff.tar"
    package static let dockerForeignLayerGzip = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

    /// Of a manifest that image-spec had for artifacts before its version 1.1.
    package static let ociArtifact = "application/vnd.oci.artifact.manifest.v1+json"

    /// Whether a document of this type lists manifests instead of being one.
    package static func isIndex(_ type: String) -> Bool { type == ociIndex || type == dockerList }
    /// Whether a blob of this type is the configuration of an image: the specifications' types, and those that say nothing,
    /// which old registries gave to Docker's (distribution/distribution#1621, moby/moby#30083).
    package static func isConfig(_ type: String) -> Bool {
        [ociConfig, dockerConfig, "application/octet-stream", "application/json", "text/html", "text/plain", ""]
            .contains(type)
    }
    /// Whether a document of this type is one image's manifest.
    package static func isManifest(_ type: String) -> Bool { type == ociManifest || type == dockerManifest }
}
