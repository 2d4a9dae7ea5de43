extension RunOptions.LogConfig {
    /// Chooses the driver. Throws `OptionError` for one that is not offered.
    package mutating func setDriver(_ name: String) throws(OptionError) {
        switch name {
        case "": type = nil
        case "json-file", "none": type = name
        case "local", "journald", "k8s-file", "passthrough", "syslog", "fluentd", "gelf", "awslogs", "splunk",
            "gcplogs", "etwlogs":
            throw .refused("--log-driver=\(name)", "only json-file and none are offered yet")
        default: throw OptionError("logger: no log driver named '\(name)' is registered")
        }
    }

    /// Adds a `key=value` option. Throws `OptionError` for one that no driver has.
    package mutating func add(_ text: String) throws(OptionError) {
        guard let (key, value) = splitOnce(text, "="), !key.isEmpty else {
            throw OptionError("invalid logging opts format: '\(text)' is not key=value")
        }
        switch key {
        case "max-size":
            if value != "-1" { _ = try ByteSize.parse(value) }
        case "max-file":
            guard let count = Int(value), count >= 1 else {
                throw OptionError("max-file cannot be less than 1: '\(value)'")
            }
        default: throw .refused("--log-opt \(key)", "only max-size and max-file are offered yet")
        }
        options[key] = value
    }
}
