import Addresses
import Linux
import Networking
import Store

extension BridgedNetwork {
    /// What serves the container's networks. `report` is told what it was refused.
    func service(_ request: NetworkRequest, report: @escaping (String) -> Void) -> NetworkService {
        let update = update(request)
        var service = NetworkService(namespace: shared.namespace.descriptor.rawValue)
        for place in 0..<min(bound.count, update.targets.count) {
            service.ports.append(.init(bound: bound[place], target: update.targets[place]))
        }
        if let resolver {
            let names = ContainerNames(
                NetworkNames(store, networks: update.networks, links: request.links), host: NetworkRequest.host)
            var servers = UpstreamServers.host(path: "/etc/resolv.conf")
            if !request.nameServers.isEmpty {
                var list: [SocketAddress] = []
                for address in request.nameServers { list.append(SocketAddress(address, port: 53)) }
                servers = .fixed(list)
            }
            service.names = .init(udp: resolver.udp, tcp: resolver.tcp, source: names, servers: servers)
        }
        if let gate { service.gate = (gate, update.settings) }
        service.report = report
        return service
    }

    /// What the service has to know of the networks.
    func update(_ request: NetworkRequest) -> ServiceUpdate {
        var update = ServiceUpdate()
        for place in places where !place.network.isDefault {
            update.networks.append((place.network.id, place.network.name))
        }
        update.targets = currentTargets()
        update.settings.hostAddresses = [NetworkRequest.host]
        for place in places {
            if let gateway = place.record.gateway4 { update.settings.hostAddresses.append(gateway) }
            if let gateway = place.record.gateway6 { update.settings.hostAddresses.append(gateway) }
        }
        update.settings.isolated = request.isolated
        update.settings.policy = request.policy
        return update
    }
}

/// What the resolver of a container knows by itself.
private final class ContainerNames: NameSource {
    private let names: NetworkNames
    private let host: IPAddress

    init(_ names: NetworkNames, host: IPAddress) {
        self.names = names
        self.host = host
    }

    func addresses(of name: String) -> [IPAddress]? {
        switch name {
        // Docker Desktop's names for the host, and podman's.
        case "host.docker.internal", "gateway.docker.internal", "host.containers.internal": [host]
        default: names.addresses(of: name)
        }
    }

    func name(of address: IPAddress) -> String? { names.name(of: address) }

    func change(networks: [(id: String, name: String)]) { names.networks = networks }
}
