import Addresses
import ContainerSpec
import Errors

/// The flags of `run` and `create` that say which networks a container is on, taken together: the short ones mean the first
/// network.
struct NetworkFlags {
    var aliases: [String] = []
    var ipv4: String?
    var ipv6: String?
    var linkLocalIPs: [String] = []
    var macAddress: String?
    private var endpoints: [EndpointOptions] = []

    /// Takes one value of `--network`. Throws `OptionError`.
    mutating func add(_ text: String) throws(OptionError) { endpoints.append(try EndpointOptions.parse(text)) }

    /// Sets the mode and the networks of `options`. Throws `OptionError`, in Docker's words.
    func apply(to options: inout RunOptions) throws(OptionError) {
        if let macAddress, HardwareAddress(macAddress) == nil {
            throw OptionError.usage("\(macAddress) is not a valid mac address")
        }
        for endpoint in endpoints {
            guard let address = endpoint.macAddress, HardwareAddress(address) == nil else { continue }
            throw OptionError.usage("\(address) is not a valid mac address")
        }
        var endpoints = endpoints
        if endpoints.isEmpty { endpoints = [EndpointOptions(network: NetworkMode.defaultNetwork)] }
        let mode = try NetworkMode(option: endpoints[0].network)
        if endpoints.count > 1 {
            for (place, endpoint) in endpoints.enumerated() {
                guard case .network = try NetworkMode(option: endpoint.network) else {
                    throw OptionError.usage(
                        "conflicting options: cannot attach both user-defined and non-user-defined network-modes")
                }
                for earlier in endpoints[..<place] where earlier.network == endpoint.network {
                    throw OptionError.usage("network \"\(endpoint.network)\" is specified multiple times")
                }
            }
        }
        // It has other names on the command line alone.
        if mode == .automatic { endpoints[0].network = NetworkMode.defaultNetwork }
        try merge(into: &endpoints[0])
        guard mode.isBridged else {
            options.networkMode = mode
            if !endpoints[0].aliases.isEmpty { throw Self.onlyUserDefined }
            return try Self.refuseAddresses(endpoints[0], mode)
        }
        for endpoint in endpoints where !endpoint.aliases.isEmpty {
            if try NetworkMode(option: endpoint.network) == .automatic { throw Self.onlyUserDefined }
        }
        for endpoint in endpoints {
            for text in endpoint.linkLocalIPs where IPAddress(text) == nil {
                throw Self.invalid(endpoint.network, "invalid link-local IP address: \(text)")
            }
        }
        options.networkMode = mode
        let bare = EndpointOptions(network: NetworkMode.defaultNetwork)
        options.endpoints = endpoints == [bare] ? [] : endpoints
    }

    private static let onlyUserDefined =
        OptionError.usage("network-scoped aliases are only supported for user-defined networks")

    private static func invalid(_ network: String, _ problems: String) -> OptionError {
        OptionError("invalid config for network \(network): invalid endpoint settings:\n\(problems)")
    }

    // An address would come from a subnet, and there is none. Docker knows the host and none as networks without one.
    private static func refuseAddresses(_ endpoint: EndpointOptions, _ mode: NetworkMode) throws(OptionError) {
        guard endpoint.ipv4 != nil || endpoint.ipv6 != nil else { return }
        let problem = "user specified IP address is supported on user defined networks only"
        switch mode {
        case .host, .none:
            throw invalid(
                endpoint.network,
                "* \(problem)\n* user specified IP address is supported only when connecting to networks with user "
                    + "configured subnets")
        default: throw invalid(endpoint.network, problem)
        }
    }

    private func merge(into endpoint: inout EndpointOptions) throws(OptionError) {
        func both(_ flag: String, _ other: String) -> OptionError {
            OptionError.usage("conflicting options: cannot specify both \(flag) and per-network \(other)")
        }
        if !aliases.isEmpty {
            guard endpoint.aliases.isEmpty else { throw both("--network-alias", "alias") }
            endpoint.aliases = aliases
        }
        if let ipv4 {
            guard endpoint.ipv4 == nil else { throw both("--ip", "IPv4 address") }
            endpoint.ipv4 = ipv4
        }
        if let ipv6 {
            guard endpoint.ipv6 == nil else { throw both("--ip6", "IPv6 address") }
            endpoint.ipv6 = ipv6
        }
        if !linkLocalIPs.isEmpty {
            guard endpoint.linkLocalIPs.isEmpty else { throw both("--link-local-ip", "link-local IP addresses") }
            endpoint.linkLocalIPs = linkLocalIPs
        }
        if let macAddress {
            guard endpoint.macAddress == nil else { throw both("--mac-address", "MAC address") }
            endpoint.macAddress = macAddress
        }
    }
}
