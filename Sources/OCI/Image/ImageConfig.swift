package import Bytes

/// An image's configuration (image-spec, config.md, with the fields that Docker adds).
package struct ImageConfig: Codable, Hashable, Sendable {
    package var created: String?
    package var author: String?
    package var architecture: String
    package var os: String
    package var variant: String?
    package var config: ContainerConfig?
    package var rootfs: RootFS
    package var history: [History]?
    package var comment: String?
    /// The image that this one was made of, where both came about on one machine (Docker's).
    package var parent: String?

    package init(architecture: String, os: String = "linux", config: ContainerConfig? = nil, diffIDs: [Digest]) {
        self.architecture = architecture
        self.os = os
        self.config = config
        rootfs = RootFS(type: "layers", diffIDs: diffIDs)
    }

    /// What does not say for which system and machine it is (old tools' do not) is taken as this machine's, and what lists no
    /// layers as having none.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> String? { try container.decodeIfPresent(String.self, forKey: key) }
        func known(_ key: CodingKeys) throws -> String? { try text(key).flatMap { $0.isEmpty ? nil : $0 } }
        created = try text(.created)
        author = try text(.author)
        architecture = try known(.architecture) ?? Platform.host.architecture
        os = try known(.os) ?? Platform.host.os
        variant = try text(.variant)
        config = try container.decodeIfPresent(ContainerConfig.self, forKey: .config)
        rootfs = try container.decodeIfPresent(RootFS.self, forKey: .rootfs) ?? RootFS(type: "layers", diffIDs: [])
        history = try container.decodeIfPresent([History].self, forKey: .history)
        comment = try text(.comment)
        parent = try text(.parent)
    }

    /// The layers by the digests of their uncompressed archives, from the base upwards.
    package struct RootFS: Codable, Hashable, Sendable {
        package var type: String
        package var diffIDs: [Digest]

        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }

        package init(type: String, diffIDs: [Digest]) {
            self.type = type
            self.diffIDs = diffIDs
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let named = try container.decodeIfPresent(String.self, forKey: .type) ?? ""
            type = named.isEmpty ? "layers" : named
            diffIDs = try container.decodeIfPresent([Digest].self, forKey: .diffIDs) ?? []
        }
    }

    /// What made a layer, or what changed the configuration alone (`emptyLayer`).
    package struct History: Codable, Hashable, Sendable {
        package var created: String?
        package var author: String?
        package var createdBy: String?
        package var comment: String?
        package var emptyLayer: Bool?

        enum CodingKeys: String, CodingKey {
            case created, author, comment
            case createdBy = "created_by"
            case emptyLayer = "empty_layer"
        }

        package init(created: String? = nil, createdBy: String? = nil, comment: String? = nil, emptyLayer: Bool? = nil)
        {
            self.created = created
            self.createdBy = createdBy
            self.comment = comment
            self.emptyLayer = emptyLayer
        }
    }
}

/// The empty JSON object that image-spec uses for a set's members.
package struct EmptyObject: Codable, Hashable, Sendable {
    package init() {}
}

/// How a container of the image is run, unless the user says otherwise (image-spec, config.md, `config`).
package struct ContainerConfig: Codable, Hashable, Sendable {
    package var user: String?
    package var exposedPorts: [ByteKey: EmptyObject]?
    package var env: [String]?
    package var entrypoint: [String]?
    package var cmd: [String]?
    package var volumes: [ByteKey: EmptyObject]?
    package var workingDir: String?
    package var labels: [ByteKey: String]?
    package var stopSignal: String?
    package var healthcheck: Healthcheck?
    package var onBuild: [String]?
    package var shell: [String]?
    package var argsEscaped: Bool?
    /// In seconds.
    package var stopTimeout: Int?

    enum CodingKeys: String, CodingKey {
        case user = "User"
        case exposedPorts = "ExposedPorts"
        case env = "Env"
        case entrypoint = "Entrypoint"
        case cmd = "Cmd"
        case volumes = "Volumes"
        case workingDir = "WorkingDir"
        case labels = "Labels"
        case stopSignal = "StopSignal"
        case healthcheck = "Healthcheck"
        case onBuild = "OnBuild"
        case shell = "Shell"
        case argsEscaped = "ArgsEscaped"
        case stopTimeout = "StopTimeout"
    }

    package init() {}

    /// Commands may be a text, which is a list of one word: Docker's first images had them so.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> String? { try container.decodeIfPresent(String.self, forKey: key) }
        func list(_ key: CodingKeys) throws -> [String]? { try container.decodeIfPresent([String].self, forKey: key) }
        func words(_ key: CodingKeys) throws -> [String]? {
            if let word = try? text(key) { return [word] }
            return try list(key)
        }
        func set(_ key: CodingKeys) throws -> [ByteKey: EmptyObject]? {
            try container.decodeIfPresent([ByteKey: EmptyObject].self, forKey: key)
        }
        user = try text(.user)
        exposedPorts = try set(.exposedPorts)
        env = try list(.env)
        entrypoint = try words(.entrypoint)
        cmd = try words(.cmd)
        volumes = try set(.volumes)
        workingDir = try text(.workingDir)
        labels = try container.decodeIfPresent([ByteKey: String].self, forKey: .labels)
        stopSignal = try text(.stopSignal)
        healthcheck = try container.decodeIfPresent(Healthcheck.self, forKey: .healthcheck)
        onBuild = try list(.onBuild)
        shell = try words(.shell)
        argsEscaped = try container.decodeIfPresent(Bool.self, forKey: .argsEscaped)
        stopTimeout = try container.decodeIfPresent(Int.self, forKey: .stopTimeout)
    }
}

/// A health check of Docker's image configuration.
package struct Healthcheck: Codable, Hashable, Sendable {
    /// ["NONE"], ["CMD", …] or ["CMD-SHELL", command].
    package var test: [String]?
    /// Times in nanoseconds; nil or 0 means Docker's default.
    package var interval: Int64?
    package var timeout: Int64?
    package var startPeriod: Int64?
    package var startInterval: Int64?
    package var retries: Int?

    enum CodingKeys: String, CodingKey {
        case test = "Test"
        case interval = "Interval"
        case timeout = "Timeout"
        case startPeriod = "StartPeriod"
        case startInterval = "StartInterval"
        case retries = "Retries"
    }

    package init() {}
}
