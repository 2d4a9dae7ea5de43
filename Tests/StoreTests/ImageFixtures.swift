import Archive
import JSON
import Linux
import OCI
import Store

/// Makes images of the store's own blobs: what is in the layers does not matter to it.
extension TemporaryStore {
    struct Made {
        let descriptor: Descriptor
        let manifest: Manifest
        let config: ImageConfig
        var id: Digest { manifest.config.digest }
    }

    /// Puts an image of `layers` (their contents) into the store, under `names`.
    @discardableResult
    func makeImage(
        _ names: [String], layers: [String] = ["layer"], architecture: String = Platform.host.architecture,
        type: String = MediaType.ociConfig, config change: (inout ContainerConfig) -> Void = { _ in }
    ) throws -> Made {
        let ingest = try images.beginIngest()
        let made = try putImage(ingest, layers: layers, architecture: architecture, type: type, config: change)
        for name in names { try ingest.record(made.descriptor, name: try Reference(name)) }
        if names.isEmpty { try ingest.record(made.descriptor, name: nil) }
        return made
    }

    /// Puts an image's blobs into the store, without a name.
    func putImage(
        _ ingest: ImageIngest, layers: [String] = ["layer"], architecture: String = Platform.host.architecture,
        type: String = MediaType.ociConfig, config change: (inout ContainerConfig) -> Void = { _ in }
    ) throws -> Made {
        var container = ContainerConfig()
        container.env = ["PATH=/bin"]
        change(&container)
        var descriptors: [Descriptor] = []
        for layer in layers {
            let bytes = Array(layer.utf8)
            descriptors.append(
                Descriptor(mediaType: MediaType.ociLayer, digest: try ingest.put(bytes), size: Int64(bytes.count)))
        }
        let config = ImageConfig(
            architecture: architecture, config: container, diffIDs: descriptors.map(\.digest))
        let document = Array(try JSONTree(encoding: config).text().utf8)
        let manifest = Manifest(
            config: Descriptor(
                mediaType: type, digest: try ingest.put(document), size: Int64(document.count)),
            layers: descriptors)
        let bytes = Array(try JSONTree(encoding: manifest).text().utf8)
        return Made(
            descriptor: Descriptor(
                mediaType: MediaType.ociManifest, digest: try ingest.put(bytes), size: Int64(bytes.count),
                platform: Platform(architecture: architecture)),
            manifest: manifest, config: config)
    }

    /// The names in images/tmp.
    var temporaries: [String] { (try? Files.list(paths.images + "/tmp")) ?? [] }

    var index: String { paths.images + "/index.json" }
}
