import Bytes
import Errors
import OCI
import Store

/// An image of an archive whose parts are all in the store.
struct ArchivedImage {
    var descriptor: Descriptor
    var manifest: Manifest
    /// Its outline.
    var config: ImageConfig
    var names: [Reference]
}

extension ArchivedImage {
    /// The image of `manifest`, which `descriptor` describes, without names. `verify` has the store take a part that the manifest describes, and throws
    /// where the archive has another one in its place. Throws what that throws, and for a configuration that is none, with `what` for the image.
    init(
        _ descriptor: Descriptor, _ manifest: Manifest, called what: String, in ingest: ImageIngest,
        verify: (Descriptor) throws -> Void
    ) throws {
        try verify(manifest.config)
        let document = try ingest.store.read(manifest.config.digest)
        do throws(ManifestError) { config = try manifest.imageConfig(document).outline } catch {
            throw EngineError("\(what) cannot be used: \(error)", .invalid)
        }
        for layer in manifest.layers { try verify(layer) }
        self.descriptor = descriptor
        self.descriptor.platform = config.platform
        self.manifest = manifest
        names = []
    }
}

extension ImageIndex {
    /// The index with the manifests alone that `isThere` is true of.
    func narrowed(to isThere: (Descriptor) -> Bool) -> ImageIndex {
        var narrowed = self
        narrowed.manifests = manifests.filter(isThere)
        return narrowed
    }

    /// The manifest for `platform`; nil: for this machine's, or the only one.
    func archived(for platform: Platform?) -> Descriptor? {
        manifest(for: platform ?? .host) ?? (platform == nil && manifests.count == 1 ? manifests[0] : nil)
    }
}
