import Addresses
import ContainerSpec
import Glibc
import Linux
import Networking
import Store

extension BridgedNetwork {
    /// Binds the ports that are to be published, where the container has a way out and they are not bound yet. Throws
    /// `SupervisorFailure`; then none is.
    func publish(_ request: NetworkRequest) throws(SupervisorFailure) {
        guard bound.isEmpty, let place = leader(v4: true) ?? leader(v4: false) else { return }
        do throws(SupervisorFailure) {
            for port in request.ports { try publish(port, on: places[place]) }
        } catch {
            unpublish()
            throw error
        }
    }

    private func publish(_ port: PortMapping, on place: Place) throws(SupervisorFailure) {
        guard port.protocolName != "sctp" else {
            throw SupervisorFailure("cannot publish \(port.containerPort)/sctp: only TCP and UDP are passed on")
        }
        let hostAddress = place.network.option("com.docker.network.bridge.host_binding_ipv4").flatMap { IPAddress($0) }
        let some: [HostPorts.Bound]
        do throws(HostPortError) {
            some = try HostPorts.bind(
                .init(
                    address: port.hostAddress ?? hostAddress, ports: port.hostPorts,
                    isDatagram: port.protocolName == "udp"))
        } catch {
            throw SupervisorFailure(
                "failed to set up container networking: driver failed programming external connectivity on endpoint "
                    + "\(place.record.containerName) (\(place.record.endpointID)): \(error)")
        }
        for one in some {
            bound.append(one)
            targets.append(port.containerPort)
            ports.append(
                BoundPort(
                    hostAddress: one.address.address, hostPort: one.address.port, containerPort: port.containerPort,
                    protocolName: port.protocolName))
        }
    }

    /// Lets go of the host's ports.
    func unpublish() {
        for one in bound { close(one.socket) }
        (bound, targets, ports) = ([], [], [])
    }

    /// Where the published ports lead, in their order.
    func currentTargets() -> [PublishedTarget] {
        var found: [PublishedTarget] = []
        for place in 0..<bound.count {
            // A client of version 6 is seen as itself where the container has an address of that version.
            let isV4 = bound[place].address.address.isV4
            if let target = target(v4: isV4, targets[place]) ?? target(v4: !isV4, targets[place]) {
                found.append(target)
            }
        }
        return found
    }

    private func target(v4: Bool, _ port: UInt16) -> PublishedTarget? {
        guard let place = leader(v4: v4) else { return nil }
        let record = places[place].record
        guard let address = v4 ? record.ipv4 : record.ipv6, let gateway = v4 ? record.gateway4 : record.gateway6,
            let subnet = Subnet(address, prefix: v4 ? record.ipv4Prefix : record.ipv6Prefix)
        else { return nil }
        return PublishedTarget(address: SocketAddress(address, port: port), gateway: gateway, subnet: subnet)
    }
}
