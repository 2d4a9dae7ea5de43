import Bytes
package import Errors

/// Whose network namespace a container has, and how that is connected (`--network`). Which networks it is on, and as what, is
/// in `RunOptions.endpoints`.
package enum NetworkMode: Codable, Hashable, Sendable {
    /// A namespace of its own on the default network, `bridge`.
    case automatic
    /// A namespace of its own with loopback alone.
    case none
    /// The host's.
    case host
    /// That of another container, by its name or id.
    case container(String)
    /// That behind a path of the host (podman's `ns:PATH`).
    case namespace(String)
    /// A namespace of its own on networks that somebody has made; the first one's name or id.
    case network(String)
    case slirp4netns(SlirpSettings)
    /// The values are further arguments of pasta(1).
    case pasta(arguments: [String])

    /// The default network's name.
    package static let defaultNetwork = "bridge"

    /// Reads one of Docker's modes or the name of a network, and podman's `slirp4netns[:…]`, `pasta[:…]` and `ns:PATH`. Throws
    /// `OptionError`.
    package init(option text: String) throws(OptionError) {
        guard text.utf8.contains(where: { $0 != 32 && !(9...13).contains($0) }) else {
            throw OptionError.usage("no name set for network")
        }
        let pair = splitOnce(text, ":")
        switch (pair?.0 ?? text, pair?.1) {
        case ("default", nil), ("private", nil), (Self.defaultNetwork, nil): self = .automatic
        case ("none", nil): self = .none
        case ("host", nil): self = .host
        case ("slirp4netns", let options): self = .slirp4netns(try SlirpSettings(options ?? ""))
        case ("pasta", let options):
            self = .pasta(arguments: (options ?? "").split(on: ",").map(String.init))
        case ("container", let name):
            guard let name, !name.isEmpty else {
                throw OptionError("invalid network mode: invalid container format container:<name|id>")
            }
            self = .container(name)
        case ("ns", let path?):
            guard path.begins(with: "/") else { throw OptionError("--network=\(text): the path is not absolute") }
            self = .namespace(path)
        default: self = .network(text)
        }
    }

    /// Whether the container is on networks, and not in somebody else's namespace or alone.
    package var isBridged: Bool {
        switch self {
        case .automatic, .network: true
        default: false
        }
    }

    /// Whether the namespace is the container's own.
    package var isOwn: Bool {
        switch self {
        case .host, .container, .namespace: false
        default: true
        }
    }

    /// The name that `inspect` and `ps` show.
    package var inspected: String {
        switch self {
        case .automatic: Self.defaultNetwork
        case .none: "none"
        case .host: "host"
        case .container(let name): "container:" + name
        case .namespace(let path): "ns:" + path
        case .network(let name): name
        case .slirp4netns: "slirp4netns"
        case .pasta: "pasta"
        }
    }
}
