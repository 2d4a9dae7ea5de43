import Archive
package import Errors
import Glibc
import Linux
package import OCI
import Runtime
package import Store

/// An image that is made of a container.
package struct ImageCommit: Sendable {
    /// What its layer lies on; nil for nothing.
    package var base: StoredImage?
    package var config: ContainerConfig
    /// Dockerfile instructions, applied to `config` in order.
    package var changes: [String] = []
    /// Of an image without a base.
    package var platform = Platform.host
    package var name: Reference?
    package var author = ""
    package var message = ""
    /// What the history is to name as the layer's maker.
    package var createdBy = ""

    package init(config: ContainerConfig) { self.config = config }
}

extension ImageService {
    /// Makes `commit` an image of the store. `write` is called once with an empty file, writes an uncompressed archive to
    /// it and returns its digest and its size in bytes; nil where there is nothing in it, and the image gets no layer of its
    /// own. Returns the image's id. Throws, also what `write` throws; then nothing is left of it.
    package func commit(
        _ commit: ImageCommit, layer write: (_ file: CInt) throws(EngineError) -> (digest: Digest, size: Int64)?
    ) throws(EngineError) -> Digest {
        try engine {
            var container = commit.config
            var hasCommand = false
            for change in try DockerfileChange.all(commit.changes) {
                try change.apply(to: &container)
                if change.instruction == "CMD" { hasCommand = true }
                // As in a Dockerfile: the arguments were the other program's.
                if change.instruction == "ENTRYPOINT", !hasCommand { container.cmd = nil }
            }
            // As Docker has it: a change can replace the entrypoint, and not take it away.
            if container.entrypoint?.isEmpty ?? true {
                if container.cmd?.isEmpty ?? true { container.cmd = commit.config.cmd }
                container.entrypoint = commit.config.entrypoint
            }
            do {
                let id = try take(commit, container, write)
                if let name = commit.name { noteImage("tag", id, name: name.familiar) }
                return id
            } catch {
                _ = try? sweep()
                throw error
            }
        }
    }

    private func take(
        _ commit: ImageCommit, _ container: ContainerConfig,
        _ write: (_ file: CInt) throws(EngineError) -> (digest: Digest, size: Int64)?
    ) throws -> Digest {
        let ingest = try images.beginIngest()
        defer { ingest.end() }
        // The base may lose its last name meanwhile, but not its content.
        if let base = commit.base {
            try ingest.protect([base.id, base.descriptor.digest] + base.manifest.layers.map(\.digest))
            for layer in base.manifest.layers where try images.presentSize(of: layer.digest) == nil {
                throw StoreError.missingBlob(layer.digest)
            }
        }
        let blob = try ingest.writer()
        var layers = commit.base?.manifest.layers.map(\.asOCILayer) ?? []
        let written = try write(blob.descriptor)
        if let (digest, size) = written {
            try blob.commit(written: digest, size: size)
            layers.append(Descriptor(mediaType: MediaType.ociLayer, digest: digest, size: size))
        }
        let config = configuration(commit, container, layer: written?.digest)
        let document = try canonicalJSON(config)
        let manifest = Manifest(
            config: Descriptor(
                mediaType: MediaType.ociConfig, digest: try ingest.put(document), size: Int64(document.count)),
            layers: layers)
        try unpack(manifest, config, ingest: ingest)
        let bytes = try canonicalJSON(manifest)
        let descriptor = Descriptor(
            mediaType: MediaType.ociManifest, digest: try ingest.put(bytes), size: Int64(bytes.count),
            platform: Platform(os: config.os, architecture: config.architecture, variant: config.variant))
        try ingest.record(descriptor, name: commit.name)
        return manifest.config.digest
    }

    private func configuration(_ commit: ImageCommit, _ container: ContainerConfig, layer: Digest?) -> ImageConfig {
        var config =
            commit.base?.config
            ?? ImageConfig(architecture: commit.platform.architecture, os: commit.platform.os, diffIDs: [])
        if commit.base == nil { config.variant = commit.platform.variant }
        let now = Timestamp.now().rfc3339
        func text(_ text: String) -> String? { text.isEmpty ? nil : text }
        config.config = container
        config.parent = commit.base?.id.description
        config.created = now
        config.author = text(commit.author)
        config.comment = text(commit.message)
        var entry = ImageConfig.History(
            created: now, createdBy: text(commit.createdBy), comment: text(commit.message),
            emptyLayer: layer == nil ? true : nil)
        entry.author = text(commit.author)
        config.history = (config.history ?? []) + [entry]
        if let layer { config.rootfs.diffIDs.append(layer) }
        return config
    }
}

extension Descriptor {
    /// A layer of an image as an OCI manifest names it: Docker's own types are those of Docker's manifests.
    package var asOCILayer: Descriptor {
        var layer = self
        switch layer.mediaType {
        case MediaType.dockerLayerGzip: layer.mediaType = MediaType.ociLayerGzip
        case MediaType.dockerLayer: layer.mediaType = MediaType.ociLayer
        default: break
        }
        return layer
    }
}
