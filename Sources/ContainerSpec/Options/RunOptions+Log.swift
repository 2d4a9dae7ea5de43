import Bytes
package import Errors
import Linux
package import Logs

extension RunOptions {
    /// Whether the container gets the very streams of the command that starts it (`--log-driver=passthrough`).
    package var passesStreams: Bool { logConfig.type == LogConfiguration.Driver.passthrough.rawValue }
}

extension RunOptions.LogConfig {
    /// Chooses the driver. Throws `OptionError` for one that is not offered, or that this machine does not have.
    package mutating func setDriver(_ name: String) throws(OptionError) {
        switch name {
        case "": type = nil
        case "syslog", "fluentd", "gelf", "awslogs", "splunk", "gcplogs", "etwlogs":
            throw .refused(
                "--log-driver=\(name)",
                "no container talks to a log server here: json-file, local, k8s-file and journald keep its output")
        case "journald":
            guard Files.exists(JournalSocket.path) else {
                throw .refused("--log-driver=journald", "no journal listens at \(JournalSocket.path)")
            }
            type = name
        default:
            guard LogConfiguration.Driver(rawValue: name) != nil else {
                throw OptionError("error looking up logging plugin \(name): plugin \"\(name)\" not found")
            }
            type = name
        }
    }

    /// Adds a `key=value` option; `validate` looks at it when the driver is known. Throws `OptionError`.
    package mutating func add(_ text: String) throws(OptionError) {
        let (key, value) = splitOnce(text, "=") ?? (text, "")
        options[key] = value
    }

    /// The driver that was chosen. Throws `OptionError` for a name that no version of ours wrote.
    package func driver() throws(OptionError) -> LogConfiguration.Driver {
        guard let type else { return .jsonFile }
        guard let driver = LogConfiguration.Driver(rawValue: type) else {
            throw OptionError("error looking up logging plugin \(type): plugin \"\(type)\" not found")
        }
        return driver
    }

    /// Checks the options against the driver. Throws `OptionError`.
    package func validate() throws(OptionError) {
        let driver = try driver()
        let known: [String] =
            switch driver {
            case .jsonFile: ["max-size", "max-file", "compress", "labels", "env", "tag", "mode"]
            case .kubernetesFile, .local: ["max-size", "max-file", "compress", "labels", "env", "mode"]
            case .journald: ["labels", "env", "tag", "mode"]
            case .passthrough, .none: []
            }
        for key in options.names {
            let value = options[key] ?? ""
            switch key {
            case "labels-regex", "env-regex":
                throw .refused("--log-opt \(key)", "name the \(key.dropLast(6)) with --log-opt \(key.dropLast(6))=…")
            case "max-buffer-size":
                throw .refused("--log-opt \(key)", "there is no buffer between a container and its log")
            case "path":
                throw .refused("--log-opt \(key)", "a log lies in its container's directory and goes with it")
            default: break
            }
            guard known.contains(key) else {
                throw OptionError("unknown log opt '\(key)' for \(driver.rawValue) log driver")
            }
            try check(key, value)
        }
        _ = try LogTag.text(options["tag"] ?? "", .init(id: "", name: "", imageID: "", imageName: ""))
    }

    private func check(_ key: String, _ value: String) throws(OptionError) {
        switch key {
        case "max-size": _ = try Self.maximumSize(value)
        case "max-file": _ = try Self.maximumFiles(value)
        case "compress":
            guard ["0", "f", "false", "F", "FALSE", "False"].contains(value) else {
                guard ["1", "t", "true", "T", "TRUE", "True"].contains(value) else {
                    throw OptionError(
                        "failed to initialize logging driver: strconv.ParseBool: parsing \"\(value)\": invalid syntax")
                }
                throw .refused("--log-opt compress=\(value)", "rotated files stay as they are")
            }
        case "mode":
            // Both are what happens here: a line is written at once, and a full disk loses it.
            guard ["blocking", "non-blocking"].contains(value) else {
                throw OptionError("logger: logging mode not supported: \(value)")
            }
        default: break
        }
    }

    /// Bytes; -1 on the command line, 0 here, for no limit.
    static func maximumSize(_ text: String) throws(OptionError) -> Int {
        if text == "-1" { return 0 }
        guard let size = try? ByteSize.parse(text), size > 0 else {
            throw OptionError("failed to initialize logging driver: invalid size: '\(text)'")
        }
        return Int(size)
    }

    static func maximumFiles(_ text: String) throws(OptionError) -> Int {
        guard let count = Int(text) else {
            throw OptionError(
                "failed to initialize logging driver: strconv.Atoi: parsing \"\(text)\": invalid syntax")
        }
        guard count >= 1 else {
            throw OptionError("failed to initialize logging driver: max-file cannot be less than 1")
        }
        guard count <= 1000 else {
            throw OptionError("failed to initialize logging driver: max-file cannot be more than 1000 here")
        }
        return count
    }
}
