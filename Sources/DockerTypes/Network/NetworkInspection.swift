package import Bytes
import Addresses
package import Store

/// What `network inspect` prints of a network, in the shape and order of Docker's API.
package struct NetworkInspection: Encodable, Sendable {
    package let network: NetworkDefinition
    /// The containers that run on it.
    package let endpoints: [EndpointRecord]

    package init(_ network: NetworkDefinition, endpoints: [EndpointRecord]) {
        self.network = network
        self.endpoints = endpoints
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: InspectionKey.self)
        try members.put("Name", network.name)
        try members.put("Id", network.id)
        try members.put("Created", network.created)
        try members.put("Scope", "local")
        try members.put("Driver", network.driver)
        try members.put("EnableIPv4", network.enableIPv4)
        try members.put("EnableIPv6", network.enableIPv6)
        try members.put("IPAM", AddressManagement(network: network))
        try members.put("Internal", network.isInternal)
        try members.put("Attachable", network.isAttachable)
        try members.put("Ingress", network.isIngress)
        try members.put("ConfigFrom", Configuration())
        try members.put("ConfigOnly", false)
        var containers: [String: Endpoint] = [:]
        for endpoint in endpoints { containers[endpoint.containerID] = Endpoint(record: endpoint) }
        try members.put("Containers", containers)
        try members.put("Options", options)
        try members.put("Labels", network.labelMap)
        // Of swarms.
        try members.encodeIfPresent([String]?.none, forKey: "Peers")
        try members.encodeIfPresent([String: String]?.none, forKey: "Services")
        if let egress = network.egress { try members.put("Egress", egress) }
    }

    // Of the default network Docker shows what it takes for granted elsewhere.
    private var options: [String: String] {
        guard network.isDefault else { return network.optionMap }
        let prefix = "com.docker.network.bridge."
        return [
            prefix + "default_bridge": "true", prefix + "enable_icc": "true", prefix + "enable_ip_masquerade": "true",
            prefix + "host_binding_ipv4": "0.0.0.0", prefix + "name": network.bridgeName,
            "com.docker.network.driver.mtu": "1500",
        ].merging(network.optionMap) { $1 }
    }

    // Another network's configuration, which none of ours has.
    private struct Configuration: Encodable {
        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Network", "")
        }
    }

    private struct AddressManagement: Encodable {
        let network: NetworkDefinition

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Driver", "default")
            let options: [String: String]? = network.isBuiltIn ? nil : [:]
            try members.put("Options", options)
            try members.put("Config", orNull(network.pools.map { Pool(pool: $0) }))
        }
    }

    private struct Pool: Encodable {
        let pool: NetworkPool

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Subnet", "\(pool.subnet)")
            try members.encodeIfPresent(pool.range.map { "\($0)" }, forKey: "IPRange")
            try members.encodeIfPresent(pool.gateway.map { "\($0)" }, forKey: "Gateway")
            var addresses: [String: String] = [:]
            for (name, address) in pool.auxiliary { addresses[name] = "\(address)" }
            try members.encodeIfPresent(orNull(addresses), forKey: "AuxiliaryAddresses")
        }
    }

    private struct Endpoint: Encodable {
        let record: EndpointRecord

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Name", record.containerName)
            try members.put("EndpointID", record.endpointID)
            try members.put("MacAddress", "\(record.mac)")
            try members.put("IPv4Address", record.ipv4.map { "\($0)/\(record.ipv4Prefix)" } ?? "")
            try members.put("IPv6Address", record.ipv6.map { "\($0)/\(record.ipv6Prefix)" } ?? "")
        }
    }
}

extension NetworkDefinition {
    /// The driver's options by their names.
    package var optionMap: [String: String] { Dictionary(options) { $1 } }
    /// The labels by their names.
    package var labelMap: [ByteKey: String] {
        var map: [ByteKey: String] = [:]
        for (name, value) in labels { map[ByteKey(name)] = value }
        return map
    }
}
