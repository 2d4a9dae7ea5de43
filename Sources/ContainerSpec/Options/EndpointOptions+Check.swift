import Addresses
package import Store

extension EndpointOptions {
    /// All that Docker finds wrong with what is wanted of `network`, in its words and order: one line, or several that begin with
    /// an asterisk; nil where nothing is.
    package func problems(on network: NetworkDefinition) -> String? {
        var problems: [String] = []
        if network.isDefault {
            if !aliases.isEmpty {
                problems.append("network-scoped alias is supported only for containers in user defined networks")
            }
            if ipv4 != nil || ipv6 != nil {
                problems.append("user specified IP address is supported on user defined networks only")
            }
        }
        if let ipv4, IPAddress(ipv4)?.isV4 != true { problems.append("invalid IPv4 address: \(ipv4)") }
        if let ipv6, IPAddress(ipv6)?.isV4 != false { problems.append("invalid IPv6 address: \(ipv6)") }
        for text in linkLocalIPs where IPAddress(text) == nil {
            problems.append("invalid link-local IP address: \(text)")
        }
        for (text, v4) in [(ipv4, true), (ipv6, false)] {
            guard let text else { continue }
            // The default network's is as good as chosen.
            guard let pool = network.pool(v4: v4), pool.isChosen || network.isDefault else {
                problems.append(
                    "user specified IP address is supported only when connecting to networks with user configured subnets"
                )
                continue
            }
            if IPAddress(text).map({ !pool.subnet.contains($0) }) ?? true {
                problems.append("no configured subnet or ip-range contain the IP address \(text)")
            }
        }
        guard problems.count > 1 else { return problems.first }
        return problems.map { "* " + $0 }.joined(separator: "\n")
    }
}
