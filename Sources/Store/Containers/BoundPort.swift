package import Addresses
package import Linux

/// A port of a container that a port of the host leads to.
package struct BoundPort: Hashable, Sendable, WireCodable {
    /// The unspecified address where it is all of the version.
    package var hostAddress: IPAddress
    package var hostPort: UInt16
    package var containerPort: UInt16
    /// `tcp`, `udp` or `sctp`.
    package var protocolName: String

    package init(hostAddress: IPAddress, hostPort: UInt16, containerPort: UInt16, protocolName: String) {
        self.hostAddress = hostAddress
        self.hostPort = hostPort
        self.containerPort = containerPort
        self.protocolName = protocolName
    }

    package func encode(to encoder: inout WireEncoder) {
        encoder.write(data: hostAddress.bytes)
        encoder.write(hostPort)
        encoder.write(containerPort)
        encoder.write(protocolName)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        guard let address = IPAddress(bytes: try decoder.readData()) else { throw .invalidValue("address") }
        self.init(
            hostAddress: address, hostPort: try decoder.read(), containerPort: try decoder.read(),
            protocolName: try decoder.read())
    }
}
