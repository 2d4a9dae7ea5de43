import Glibc
package import Linux
package import OCI

/// All that `run` needs of an image, in one small file that is read without JSON.
///
/// It holds as long as `index.json` is the file that it was when the record was made.
package struct LaunchRecord: Hashable, Sendable {
    /// The image's name in the layout; nil for an image that was found by its id.
    package var reference: String?
    /// The digest of the configuration.
    package var imageID: Digest
    package var manifest: Digest
    package var platform: Platform
    /// The layers' names in the store, the lowest first, each once (see `LayerStore.find`); empty where they are not unpacked.
    package var layers: [Digest]
    /// Whether all of `layers` were unpacked with their owners when the record was made.
    package var isUnpacked: Bool
    /// Whether all of `layers` were unpacked squashed (`LayerStore.Ownership`) when the record was made.
    package var isUnpackedSquashed: Bool
    package var config: ContainerConfig

    package init(
        reference: String?, imageID: Digest, manifest: Digest, platform: Platform, layers: [Digest],
        isUnpacked: Bool, isUnpackedSquashed: Bool, config: ContainerConfig
    ) {
        self.reference = reference
        self.imageID = imageID
        self.manifest = manifest
        self.platform = platform
        self.layers = layers
        self.isUnpacked = isUnpacked
        self.isUnpackedSquashed = isUnpackedSquashed
        self.config = config
    }

    /// Whether the layers are there as `ownership` needs them.
    package func isUnpacked(_ ownership: LayerStore.Ownership) -> Bool {
        ownership == .full ? isUnpacked : isUnpackedSquashed
    }
}

/// The state of a file that changes with every replacement of it.
struct FileSignature: Hashable, WireCodable {
    var inode: UInt64
    var size: Int64
    /// In nanoseconds since the epoch.
    var modified: Int64
    var changed: Int64

    init?(_ path: String) {
        guard let status = try? Files.status(path) else { return nil }
        inode = UInt64(status.raw.st_ino)
        size = Int64(status.size)
        modified = Int64(status.raw.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.raw.st_mtim.tv_nsec)
        changed = Int64(status.raw.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.raw.st_ctim.tv_nsec)
    }

    func encode(to encoder: inout WireEncoder) {
        encoder.write(inode)
        encoder.write(size)
        encoder.write(modified)
        encoder.write(changed)
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        inode = try decoder.read()
        size = try decoder.read()
        modified = try decoder.read()
        changed = try decoder.read()
    }
}

extension LaunchRecord: WireCodable {
    /// Rises with every change of the form.
    static let version: UInt32 = 0x6170_0002

    package func encode(to encoder: inout WireEncoder) {
        encoder.write(reference)
        encoder.write(imageID)
        encoder.write(manifest)
        encoder.write(platform.os)
        encoder.write(platform.architecture)
        encoder.write(platform.variant)
        encoder.write(layers)
        encoder.write(isUnpacked)
        encoder.write(isUnpackedSquashed)
        encoder.write(config)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        reference = try decoder.read()
        imageID = try decoder.read()
        manifest = try decoder.read()
        let os: String = try decoder.read()
        let architecture: String = try decoder.read()
        platform = Platform(os: os, architecture: architecture, variant: try decoder.read())
        layers = try decoder.read()
        isUnpacked = try decoder.read()
        isUnpackedSquashed = try decoder.read()
        config = try decoder.read()
    }
}
