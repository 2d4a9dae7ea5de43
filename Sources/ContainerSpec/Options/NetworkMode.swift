import Bytes
package import Errors

/// Which network a container has (`--network`).
package enum NetworkMode: Codable, Hashable, Sendable {
    /// A namespace of its own, with a way out through what the machine has.
    case automatic
    /// A namespace of its own with loopback alone.
    case none
    /// The host's.
    case host
    case slirp4netns(SlirpSettings)
    /// The values are further arguments of pasta(1).
    case pasta(arguments: [String])

    /// Reads Docker's `none`, `host`, `default` and podman's `slirp4netns[:…]`, `pasta[:…]`. Throws `OptionError`.
    package init(option text: String) throws(OptionError) {
        if text.begins(with: "name=") || text.has(",") && text.has("=") && !text.has(":") {
            self = try Self(fields: text)
            return
        }
        let pair = splitOnce(text, ":")
        switch (pair?.0 ?? text, pair?.1) {
        case ("", nil): throw OptionError.usage("no name set for network")
        case ("default", nil), ("private", nil): self = .automatic
        case ("none", nil): self = .none
        case ("host", nil): self = .host
        case ("slirp4netns", let options): self = .slirp4netns(try SlirpSettings(options ?? ""))
        case ("pasta", let options):
            self = .pasta(arguments: (options ?? "").split(on: ",").map(String.init))
        case ("container", _?), ("ns", _?):
            throw .refused("--network=\(text)", "containers cannot share a network namespace yet")
        case ("bridge", nil):
            throw .refused(
                "--network=bridge",
                "bridges come later; without --network a container has a namespace of its own with "
                    + "a way out")
        default:
            throw OptionError(
                "network \(text) not found: networks cannot be created yet, there are none, host, slirp4netns and "
                    + "pasta"
            )
        }
    }

    /// Docker's long form: `name=host,alias=…`.
    private init(fields text: String) throws(OptionError) {
        guard let fields = commaSeparated(text) else { throw OptionError("invalid network '\(text)'") }
        var name: String?
        for field in fields {
            guard let (key, value) = splitOnce(field, "=") else {
                throw OptionError("invalid field '\(field)' in network '\(text)'")
            }
            guard key.lowercased() == "name" else {
                guard
                    ["alias", "ip", "ip6", "link-local-ip", "mac-address", "driver-opt", "gw-priority"].contains(
                        key.lowercased())
                else { throw OptionError("invalid field key \(key)") }
                throw .refused("'\(key)' in --network '\(text)'", "only networks with addresses of their own have it")
            }
            name = value
        }
        guard let name else { throw OptionError("network name is missing in '\(text)'") }
        self = try Self(option: name)
    }
}

extension NetworkMode {
    /// The name that `inspect` and `ps` show.
    package var inspected: String {
        switch self {
        case .automatic: "bridge"
        case .none: "none"
        case .host: "host"
        case .slirp4netns: "slirp4netns"
        case .pasta: "pasta"
        }
    }
}
