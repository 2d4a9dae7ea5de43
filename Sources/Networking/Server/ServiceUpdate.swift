import Addresses
package import Linux

/// What a service is told when its container's networks change: all of what it knows about them. Its sockets stay.
package struct ServiceUpdate: Sendable {
    /// The ids and names of the networks whose names the container knows.
    package var networks: [(id: String, name: String)] = []
    /// Where each of the published ports leads.
    package var targets: [PublishedTarget] = []
    /// What the gate knows of the world; its policy as `policy` says it.
    package var settings = GateSettings()

    package init() {}
}

extension ServiceUpdate: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(networks.map(\.id))
        encoder.write(networks.map(\.name))
        encoder.writeInteger(UInt32(targets.count))
        for target in targets {
            encoder.write(data: target.address.address.bytes)
            encoder.writeInteger(target.address.port)
            encoder.write(data: target.gateway.bytes)
            Self.encode(target.subnet, to: &encoder)
        }
        encoder.writeInteger(UInt32(settings.hostAddresses.count))
        for address in settings.hostAddresses { encoder.write(data: address.bytes) }
        encoder.writeInteger(UInt32(settings.isolated.count))
        for subnet in settings.isolated { Self.encode(subnet, to: &encoder) }
        encoder.write(settings.policy.text)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        let ids: [String] = try decoder.read()
        let names: [String] = try decoder.read()
        guard ids.count == names.count else { throw .invalidValue("networks") }
        for place in 0..<ids.count { networks.append((ids[place], names[place])) }
        for _ in 0..<(try decoder.readInteger(UInt32.self)) {
            let address = try Self.address(&decoder)
            let port: UInt16 = try decoder.readInteger()
            let gateway = try Self.address(&decoder)
            targets.append(
                PublishedTarget(
                    address: SocketAddress(address, port: port), gateway: gateway, subnet: try Self.subnet(&decoder)))
        }
        for _ in 0..<(try decoder.readInteger(UInt32.self)) {
            settings.hostAddresses.append(try Self.address(&decoder))
        }
        for _ in 0..<(try decoder.readInteger(UInt32.self)) { settings.isolated.append(try Self.subnet(&decoder)) }
        guard let policy = EgressPolicy(try decoder.read(String.self)) else { throw .invalidValue("policy") }
        settings.policy = policy
    }

    private static func encode(_ subnet: Subnet, to encoder: inout WireEncoder) {
        encoder.write(data: subnet.base.bytes)
        encoder.write(subnet.prefix)
    }

    private static func address(_ decoder: inout WireDecoder) throws(WireError) -> IPAddress {
        guard let address = IPAddress(bytes: try decoder.readData()) else { throw .invalidValue("address") }
        return address
    }

    private static func subnet(_ decoder: inout WireDecoder) throws(WireError) -> Subnet {
        let base = try address(&decoder)
        guard let subnet = Subnet(base, prefix: try decoder.read(Int.self)) else { throw .invalidValue("subnet") }
        return subnet
    }
}
