import Bytes
import ContainerSpec
package import OCI
package import Store

/// What `image inspect` prints of an image, in the shape and order of Docker's API.
package struct ImageInspection: Encodable, Sendable {
    package var id: String
    package var repoTags: [String]
    package var repoDigests: [String]
    package var parent: String
    package var comment: String
    package var created: String?
    package var dockerVersion = ""
    package var author: String
    package var config: Config
    package var architecture: String
    package var variant: String?
    package var os: String
    /// In bytes.
    package var size: Int64
    package var graphDriver: GraphDriver
    package var rootFS: RootFS
    package var metadata = Metadata()

    /// `image`, whose layers take `size` bytes and are unpacked in `layers`.
    package init(_ image: StoredImage, size: Int64, layers: LayerStore) {
        var places: [String: String] = [:]
        let names = image.config.rootfs.imageLayers.map { layers.find($0) ?? $0.diffID }
        if let top = names.last {
            places["UpperDir"] = layers.path(of: top)
            let lower = names.dropLast().reversed().map { layers.path(of: $0) }
            if !lower.isEmpty { places["LowerDir"] = lower.joined(separator: ":") }
        }
        id = image.id.description
        repoTags = image.repoTags.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        repoDigests = image.repoDigests
        parent = image.config.parent ?? ""
        comment = image.config.comment ?? image.config.history?.last?.comment ?? ""
        created = image.config.created
        author = image.config.author ?? ""
        config = Config(value: image.config.config ?? ContainerConfig())
        architecture = image.config.architecture
        variant = image.config.variant
        os = image.config.os
        self.size = size
        graphDriver = GraphDriver(data: places, name: "overlay2")
        rootFS = RootFS(type: image.config.rootfs.type, layers: image.config.rootfs.diffIDs.map(\.description))
    }

    /// Where the layers are unpacked.
    package struct GraphDriver: Encodable, Sendable {
        package var data: [String: String]
        package var name: String

        enum CodingKeys: String, CodingKey {
            case data = "Data"
            case name = "Name"
        }
    }

    /// The layers by their diff ids, from the base upwards.
    package struct RootFS: Encodable, Sendable {
        package var type: String
        package var layers: [String]

        enum CodingKeys: String, CodingKey {
            case type = "Type"
            case layers = "Layers"
        }
    }

    /// What Docker's engine knows beside the image; here nothing.
    package struct Metadata: Encodable, Sendable {
        package var lastTagTime = "0001-01-01T00:00:00Z"
        enum CodingKeys: String, CodingKey { case lastTagTime = "LastTagTime" }
    }

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case repoTags = "RepoTags"
        case repoDigests = "RepoDigests"
        case parent = "Parent"
        case comment = "Comment"
        case created = "Created"
        case dockerVersion = "DockerVersion"
        case author = "Author"
        case config = "Config"
        case architecture = "Architecture"
        case variant = "Variant"
        case os = "Os"
        case size = "Size"
        case graphDriver = "GraphDriver"
        case rootFS = "RootFS"
        case metadata = "Metadata"
    }

    /// What the image says of its containers: what is not set is not there.
    package struct Config: Encodable, Sendable {
        package var value: ContainerConfig

        package func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.encodeIfPresent(set(value.user), forKey: "User")
            try members.encodeIfPresent(value.exposedPorts, forKey: "ExposedPorts")
            try members.encodeIfPresent(value.env, forKey: "Env")
            try members.encodeIfPresent(value.entrypoint, forKey: "Entrypoint")
            try members.encodeIfPresent(value.cmd, forKey: "Cmd")
            try members.encodeIfPresent(value.volumes, forKey: "Volumes")
            try members.encodeIfPresent(set(value.workingDir), forKey: "WorkingDir")
            try members.encodeIfPresent(value.labels, forKey: "Labels")
            try members.encodeIfPresent(set(value.stopSignal), forKey: "StopSignal")
            try members.encodeIfPresent(value.argsEscaped, forKey: "ArgsEscaped")
            try members.encodeIfPresent(value.healthcheck, forKey: "Healthcheck")
            try members.encodeIfPresent(value.onBuild, forKey: "OnBuild")
            try members.encodeIfPresent(value.shell, forKey: "Shell")
        }

        private func set(_ text: String?) -> String? { text?.isEmpty == false ? text : nil }
    }
}
