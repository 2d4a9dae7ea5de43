import Bytes
package import Errors
package import Logs
package import OCI

extension LogConfiguration {
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

    private static func attributes(_ options: RunOptions, _ image: ContainerConfig) -> [ByteKey: String] {
        func names(_ key: String) -> [String] {
            (options.logConfig.options[key] ?? "").split(on: ",").map { String($0) }
        }
        var result: [ByteKey: String] = [:]
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
            if wanted.has(String(name)) { result[String(name)] = String(value) }
        }
        return result
    }
}
