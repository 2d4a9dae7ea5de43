import Addresses
import Bytes
package import ContainerSpec
package import OCI
import Store

extension ContainerInspection {
    /// Where the container is on its networks.
    struct NetworkSettings: Encodable {
        let snapshot: ContainerSnapshot

        private var options: RunOptions { snapshot.description.options }
        private var network: ContainerNetwork { snapshot.network }

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            for key in ["Bridge", "SandboxID", "SandboxKey"] as [InspectionKey] { try members.put(key, "") }
            try members.put("Ports", ports)
            try members.put("HairpinMode", false)
            try members.put("LinkLocalIPv6Address", "")
            try members.put("LinkLocalIPv6PrefixLen", 0)
            try members.put("SecondaryIPAddresses", [String]?.none)
            try members.put("SecondaryIPv6Addresses", [String]?.none)
            // Docker fills these in for the default network alone.
            var record: EndpointRecord?
            for place in network.places where place.network.isDefault { record = place.record }
            try members.put("EndpointID", record?.endpointID ?? "")
            try members.put("Gateway", record?.gateway4?.description ?? "")
            try members.put("GlobalIPv6Address", record?.ipv6?.description ?? "")
            try members.put("GlobalIPv6PrefixLen", record?.ipv6Prefix ?? 0)
            try members.put("IPAddress", record?.ipv4?.description ?? "")
            try members.put("IPPrefixLen", record?.ipv4Prefix ?? 0)
            try members.put("IPv6Gateway", record?.gateway6?.description ?? "")
            try members.put("MacAddress", record?.mac.description ?? "")
            var networks: [String: Endpoint] = [:]
            for place in network.places {
                networks[place.network.name] = Endpoint(snapshot: snapshot, wish: wish(place.network), place: place)
            }
            // One that has another's networks is on none of its own.
            var isJoined = false
            if case .container = options.networkMode { isJoined = true }
            if networks.isEmpty, !isJoined {
                networks[options.networkMode.inspected] = Endpoint(snapshot: snapshot, wish: nil, place: nil)
            }
            try members.put("Networks", networks)
        }

        private func wish(_ network: NetworkDefinition) -> EndpointOptions? {
            for endpoint in options.endpoints
            where endpoint.network.isSame(as: network.name) || network.id.begins(with: endpoint.network) {
                return endpoint
            }
            return nil
        }

        // A port that is exposed and not published is null.
        private var ports: [String: [PortBinding]?] {
            guard snapshot.state.isActive else { return [:] }
            var ports: [String: [PortBinding]?] = [:]
            for port in snapshot.publishablePorts { ports.updateValue(nil, forKey: port) }
            for port in network.ports {
                let key = "\(port.containerPort)/\(port.protocolName)"
                let known = (ports[key] ?? nil) ?? []
                ports[key] = known + [PortBinding(address: "\(port.hostAddress)", port: "\(port.hostPort)")]
            }
            return ports
        }
    }

    private struct Endpoint: Encodable {
        let snapshot: ContainerSnapshot
        let wish: EndpointOptions?
        let place: ContainerNetwork.Place?

        // What Docker knows of a network from a container's first start on.
        private var hasRun: Bool { snapshot.state.startedAt != nil }

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            let record = place?.record
            try members.put("IPAMConfig", addresses)
            try members.put("Links", orNull(links))
            try members.put("Aliases", orNull(wish?.aliases ?? []))
            let wanted = hasRun ? nil : wish?.macAddress
            try members.put("MacAddress", record?.mac.description ?? wanted ?? "")
            try members.put("DriverOpts", orNull(wish?.driverOptions ?? [:]))
            try members.put("GwPriority", wish?.gatewayPriority ?? 0)
            try members.put("NetworkID", record?.networkID ?? (hasRun ? place?.network.id : nil) ?? "")
            try members.put("EndpointID", record?.endpointID ?? "")
            let leadsOut = place?.network.isInternal == false
            try members.put("Gateway", leadsOut ? record?.gateway4?.description ?? "" : "")
            try members.put("IPAddress", record?.ipv4?.description ?? "")
            try members.put("IPPrefixLen", record?.ipv4Prefix ?? 0)
            try members.put("IPv6Gateway", leadsOut ? record?.gateway6?.description ?? "" : "")
            try members.put("GlobalIPv6Address", record?.ipv6?.description ?? "")
            try members.put("GlobalIPv6PrefixLen", record?.ipv6Prefix ?? 0)
            try members.put("DNSNames", names)
        }

        private var addresses: Addresses? {
            guard let wish, wish.ipv4 != nil || wish.ipv6 != nil || !wish.linkLocalIPs.isEmpty else { return nil }
            return Addresses(wish: wish)
        }

        // Those of the command line are those of its first network.
        private var links: [String] {
            let options = snapshot.description.options
            guard case .network = options.networkMode, let wish, wish == options.endpoints.first else { return [] }
            return options.links
        }

        // The networks that are always there have none.
        private var names: [String]? {
            guard let place, !place.network.isBuiltIn, hasRun || place.record != nil else { return nil }
            let own = [snapshot.name] + (wish?.aliases ?? []) + [String(snapshot.id.prefix(12))]
            let all = (place.record?.names ?? own) + [snapshot.description.options.hostname ?? ""]
            var names: [String] = []
            for name in all where !name.isEmpty && !names.contains(where: name.isSame) { names.append(name) }
            return names
        }
    }

    /// The addresses that a user has asked for.
    private struct Addresses: Encodable {
        let wish: EndpointOptions

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.encodeIfPresent(wish.ipv4, forKey: "IPv4Address")
            try members.encodeIfPresent(wish.ipv6, forKey: "IPv6Address")
            try members.encodeIfPresent(orNull(wish.linkLocalIPs), forKey: "LinkLocalIPs")
        }
    }

    /// Where a port of a container is published.
    struct PortBinding: Encodable {
        let address: String
        let port: String

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("HostIp", address)
            try members.put("HostPort", port)
        }
    }
}

extension RunOptions {
    /// `--publish` as Docker's HostConfig has it.
    var portBindings: [String: [ContainerInspection.PortBinding]] {
        var bindings: [String: [ContainerInspection.PortBinding]] = [:]
        for text in publish {
            guard let mappings = try? PortMapping.parse(text) else { continue }
            for mapping in mappings {
                var port = mapping.isZeroWritten ? "0" : ""
                if let ports = mapping.hostPorts {
                    port = ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
                }
                bindings["\(mapping.containerPort)/\(mapping.protocolName)", default: []].append(
                    .init(address: mapping.hostAddress?.description ?? "", port: port))
            }
        }
        return bindings
    }

    /// The names of the networks that it is on, in their order; none where it has those of another container.
    package var networkNames: [String] {
        if case .container = networkMode { return [] }
        var names: [String] = []
        for endpoint in endpoints {
            let isDefault = ["default", "private"].contains(endpoint.network)
            names.append(isDefault ? NetworkMode.defaultNetwork : endpoint.network)
        }
        if names.isEmpty { return [networkMode.inspected] }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The ports that the container listens on by its own word and its image's, `53/udp`, and those that are published.
    package func allExposedPorts(_ image: ContainerConfig) -> [String] {
        var ports = exposedPorts + (image.exposedPorts?.names ?? [])
        for text in publish {
            for mapping in (try? PortMapping.parse(text)) ?? [] {
                ports.append("\(mapping.containerPort)/\(mapping.protocolName)")
            }
        }
        var seen: [String] = []
        for port in ports where !seen.contains(where: port.isSame) { seen.append(port) }
        return seen
    }
}
