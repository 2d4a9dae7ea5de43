package import Addresses
package import Linux

/// A running container's place on a network.
package struct EndpointRecord: Hashable, Sendable {
    package var networkID: String
    package var containerID: String
    package var containerName: String
    /// 64 hexadecimal digits, another for each start.
    package var endpointID: String
    /// What the interface is called in the container.
    package var interface: String
    package var mac: HardwareAddress
    package var ipv4: IPAddress?
    package var ipv4Prefix = 0
    package var ipv6: IPAddress?
    package var ipv6Prefix = 0
    package var gateway4: IPAddress?
    package var gateway6: IPAddress?
    /// By which others on the network find it: its name, its short id, and its aliases.
    package var names: [String] = []
    /// The supervisor, with which it ends.
    package var owner: ProcessIdentity
    /// The number of the bridge's port, and the port of the container's gate: what rules of packets are known by.
    package var bridgePort: UInt32 = 0
    package var gatePort: UInt16 = 0

    package init(
        networkID: String, containerID: String, containerName: String, endpointID: String, interface: String,
        mac: HardwareAddress, owner: ProcessIdentity
    ) {
        self.networkID = networkID
        self.containerID = containerID
        self.containerName = containerName
        self.endpointID = endpointID
        self.interface = interface
        self.mac = mac
        self.owner = owner
    }

    /// Its addresses.
    package var addresses: [IPAddress] {
        var addresses: [IPAddress] = []
        if let ipv4 { addresses.append(ipv4) }
        if let ipv6 { addresses.append(ipv6) }
        return addresses
    }
}

extension EndpointRecord: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        for text in [networkID, containerID, containerName, endpointID, interface] { encoder.write(text) }
        encoder.writeInteger(mac.number)
        for address in [ipv4, ipv6, gateway4, gateway6] { encoder.write(data: address?.bytes ?? []) }
        encoder.write(ipv4Prefix)
        encoder.write(ipv6Prefix)
        encoder.write(names)
        encoder.writeInteger(owner.pid)
        encoder.writeInteger(owner.startTime)
        encoder.writeInteger(bridgePort)
        encoder.writeInteger(gatePort)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        networkID = try decoder.read()
        containerID = try decoder.read()
        containerName = try decoder.read()
        endpointID = try decoder.read()
        interface = try decoder.read()
        mac = HardwareAddress(number: try decoder.readInteger())
        ipv4 = IPAddress(bytes: try decoder.readData())
        ipv6 = IPAddress(bytes: try decoder.readData())
        gateway4 = IPAddress(bytes: try decoder.readData())
        gateway6 = IPAddress(bytes: try decoder.readData())
        ipv4Prefix = try decoder.read()
        ipv6Prefix = try decoder.read()
        names = try decoder.read()
        let pid: ProcessID = try decoder.readInteger()
        owner = ProcessIdentity(pid: pid, startTime: try decoder.readInteger())
        bridgePort = try decoder.readInteger()
        gatePort = try decoder.readInteger()
    }
}
