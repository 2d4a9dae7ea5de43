import Addresses
import Networking
import Store

// The places on networks whose packets the kernel forwards (`-o nat=kernel`).
extension BridgedNetwork {
    /// Has the machine forward what comes from a place that is on its bridge, where its network is such a one.
    func lead(_ place: Place, _ bridge: Bridge) throws(NetworkError) {
        guard place.network.hasKernelNAT, let address = place.record.ipv4,
            let subnet = Subnet(address, prefix: place.record.ipv4Prefix)
        else { return }
        if routing == nil { routing = try MachineRouting() }
        try routing?.lead(
            .init(
                address: address, subnet: subnet, bridge: bridge.name, mtu: bridge.mtu, id: place.record.endpointID),
            in: shared.namespace)
    }

    /// Takes back what the machine has for a place: while the address is the place's, since the next one's would be the same.
    func withdraw(_ place: Place) {
        guard let routing, place.network.hasKernelNAT, let address = place.record.ipv4 else { return }
        routing.withdraw(address)
    }
}
