extension RunOptions.LogConfig {
    /// Chooses the driver. Throws `OptionError` for one that is not offered.
    package mutating func setDriver(_ name: String) throws(OptionError) {
        switch name {
        case "": type = nil
        case "none": type = name
        case "json-file", "local", "journald", "k8s-file", "passthrough", "syslog", "fluentd", "gelf", "awslogs",
            "splunk", "gcplogs", "etwlogs":
            throw .refused("--log-driver=\(name)", "the output of containers is not kept yet")
        default: throw OptionError("logger: no log driver named '\(name)' is registered")
        }
    }

    /// Adds a `key=value` option. Throws `OptionError`: no driver that is offered has any.
    package mutating func add(_ text: String) throws(OptionError) {
        guard let (key, _) = splitOnce(text, "="), !key.isEmpty else {
            throw OptionError("invalid logging opts format: '\(text)' is not key=value")
        }
        throw .refused("--log-opt \(key)", "the output of containers is not kept yet")
    }
}
