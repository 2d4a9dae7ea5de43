import ContainerSpec
package import OCI
package import Store

/// What `image inspect` prints of an image, in the shape and order of Docker's API.
package struct ImageInspection: Encodable, Sendable {
    package var id: String
    package var repoTags: [String]
    package var repoDigests: [String]
    package var parent = ""
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
        repoTags = image.repoTags
        repoDigests = image.repoDigests
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

    /// The image's container configuration with the members that Docker always prints, null where they are unset.
    package struct Config: Encodable, Sendable {
        package var value: ContainerConfig

        enum CodingKeys: String, CodingKey {
            case hostname = "Hostname"
            case domainname = "Domainname"
            case user = "User"
            case attachStdin = "AttachStdin"
            case attachStdout = "AttachStdout"
            case attachStderr = "AttachStderr"
            case exposedPorts = "ExposedPorts"
            case tty = "Tty"
            case openStdin = "OpenStdin"
            case stdinOnce = "StdinOnce"
            case env = "Env"
            case cmd = "Cmd"
            case healthcheck = "Healthcheck"
            case argsEscaped = "ArgsEscaped"
            case image = "Image"
            case volumes = "Volumes"
            case workingDir = "WorkingDir"
            case entrypoint = "Entrypoint"
            case onBuild = "OnBuild"
            case labels = "Labels"
            case stopSignal = "StopSignal"
            case stopTimeout = "StopTimeout"
            case shell = "Shell"
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode("", forKey: .hostname)
            try container.encode("", forKey: .domainname)
            try container.encode(value.user ?? "", forKey: .user)
            for key in [CodingKeys.attachStdin, .attachStdout, .attachStderr] {
                try container.encode(false, forKey: key)
            }
            try container.encodeIfPresent(value.exposedPorts, forKey: .exposedPorts)
            for key in [CodingKeys.tty, .openStdin, .stdinOnce] { try container.encode(false, forKey: key) }
            try container.encode(value.env, forKey: .env)
            try container.encode(value.cmd, forKey: .cmd)
            try container.encodeIfPresent(value.healthcheck, forKey: .healthcheck)
            try container.encodeIfPresent(value.argsEscaped, forKey: .argsEscaped)
            try container.encode("", forKey: .image)
            try container.encode(value.volumes, forKey: .volumes)
            try container.encode(value.workingDir ?? "", forKey: .workingDir)
            try container.encode(value.entrypoint, forKey: .entrypoint)
            try container.encode(value.onBuild, forKey: .onBuild)
            try container.encode(value.labels, forKey: .labels)
            try container.encodeIfPresent(value.stopSignal, forKey: .stopSignal)
            try container.encodeIfPresent(value.stopTimeout, forKey: .stopTimeout)
            try container.encodeIfPresent(value.shell, forKey: .shell)
        }
    }
}
