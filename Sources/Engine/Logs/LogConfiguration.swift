package import Linux
package import OCI

/// Where and how a container's output is kept, with everything worked out that a supervisor would need Docker's options
/// for.
package struct LogConfiguration: Hashable, Sendable {
    /// The log drivers, by Docker's and podman's names.
    package enum Driver: String, CaseIterable, Hashable, Sendable {
        case jsonFile = "json-file"
        case kubernetesFile = "k8s-file"
        case local, journald, passthrough, none
    }

    package var driver: Driver
    /// In bytes: a file that would grow larger is rotated first; 0 for no limit.
    package var maximumSize: Int
    /// How many files there are at most, the one that is written to included.
    package var maximumFiles: Int
    /// What `labels`, `env` and `tag` add to each line (`logs --details`).
    package var attributes: [String: String]
    /// The name by which the journal knows the container.
    package var tag: String
    package var containerName: String
    package var imageName: String

    /// What a driver keeps without any option: ten files of 20 MiB.
    package static let standardSize = 20 << 20
    package static let standardFiles = 10

    /// The configuration of `driver` without options.
    package init(_ driver: Driver = .jsonFile) {
        self.driver = driver
        maximumSize = Self.standardSize
        maximumFiles = Self.standardFiles
        attributes = [:]
        tag = ""
        containerName = ""
        imageName = ""
    }

    /// What `options` ask for, for the container `id` named `name`, with the labels and variables that `image` brings.
    /// Throws `OptionError` for an option that the driver does not have, or that has no such value.
    package init(
        _ options: RunOptions, image: ContainerConfig, id: String, name: String, imageID: Digest?
    ) throws(OptionError) {
        let log = options.logConfig
        self.init(try log.driver())
        try log.validate()
        containerName = name
        imageName = options.image
        let subject = LogTag.Subject(
            id: id, name: name, imageID: imageID.map { $0.description } ?? "", imageName: options.image)
        tag = try LogTag.text(log.options["tag"] ?? "", subject) ?? String(id.prefix(12))
        if let size = log.options["max-size"] {
            maximumSize = try RunOptions.LogConfig.maximumSize(size)
            // As Docker has it: who names a size and no number has one file.
            maximumFiles = 1
        }
        if let count = log.options["max-file"] { maximumFiles = try RunOptions.LogConfig.maximumFiles(count) }
        attributes = Self.attributes(options, image)
        if driver == .jsonFile, log.options["tag"] != nil { attributes["tag"] = tag }
    }

    private static func attributes(_ options: RunOptions, _ image: ContainerConfig) -> [String: String] {
        func names(_ key: String) -> [String] {
            (options.logConfig.options[key] ?? "").split(separator: ",").map { String($0) }
        }
        var result: [String: String] = [:]
        for name in names("labels") {
            if let value = options.labels[name] ?? image.labels?[name] { result[name] = value }
        }
        let wanted = names("env")
        guard !wanted.isEmpty else { return result }
        for variable in (image.env ?? []) + options.env {
            guard let (name, value) = splitOnce(variable, "=") else {
                result[variable] = nil
                continue
            }
            if wanted.contains(String(name)) { result[String(name)] = String(value) }
        }
        return result
    }
}

extension LogConfiguration.Driver: WireCodable {}

extension LogConfiguration: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(driver)
        encoder.write(maximumSize)
        encoder.write(maximumFiles)
        encoder.write(attributes)
        encoder.write(tag)
        encoder.write(containerName)
        encoder.write(imageName)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        driver = try decoder.read()
        maximumSize = try decoder.read()
        maximumFiles = try decoder.read()
        attributes = try decoder.read([String: String].self)
        tag = try decoder.read()
        containerName = try decoder.read()
        imageName = try decoder.read()
    }
}

extension LogConfiguration {
    /// The path of the file that is written to, for a container whose directory is `directory`; nil for a driver that
    /// keeps no file.
    package func path(directory: String, id: String) -> String? {
        switch driver {
        case .jsonFile: "\(directory)/\(id)-json.log"
        case .kubernetesFile: "\(directory)/\(id)-k8s.log"
        case .local: "\(directory)/\(id)-local.log"
        case .journald, .passthrough, .none: nil
        }
    }
}
