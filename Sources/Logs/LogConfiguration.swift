package import Bytes
package import Linux
import OCI

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
    package var attributes: [ByteKey: String]
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
        attributes = try decoder.read([ByteKey: String].self)
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
