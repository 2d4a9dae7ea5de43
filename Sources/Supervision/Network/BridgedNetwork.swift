import Addresses
import Bytes
import ContainerSpec
import Glibc
import Linux
import Networking
import Store

/// A container's places on its networks during one run: addresses, interfaces, published ports, names and the way out. What is
/// taken for it is given back by `leave()`, and by the kernel where the supervisor is killed.
final class BridgedNetwork {
    private let shared: NamespaceHold
    private let store: EndpointStore
    private(set) var records: [EndpointRecord] = []
    private var attachments: [SharedNamespace.Attachment] = []
    private var gate: GateSockets?
    private var bound: [HostPorts.Bound] = []
    private var targets: [PublishedTarget] = []
    private var resolver: (udp: CInt, tcp: CInt)?

    /// The published ports.
    private(set) var ports: [BoundPort] = []

    private init(_ shared: NamespaceHold, _ store: EndpointStore) {
        self.shared = shared
        self.store = store
    }

    /// Puts the container, whose network namespace is `namespace`, on its networks. Throws `SupervisorFailure`; nothing is left
    /// then. nil where this kernel has no networks: `lack` says why.
    static func join(
        _ request: NetworkRequest, _ container: (id: String, name: String), _ namespace: CInt, _ paths: StorePaths,
        hold: inout NamespaceHold?, lack: inout String?
    ) throws(SupervisorFailure) -> BridgedNetwork? {
        let network: BridgedNetwork
        do throws(NetworkError) {
            if hold == nil { hold = NamespaceHold(try SharedNamespace.open(runDirectory: paths.run)) }
            guard let shared = hold else { return nil }
            network = BridgedNetwork(shared, EndpointStore(paths))
        } catch {
            guard case .unsupported = error else { throw SupervisorFailure(error.description) }
            lack = error.description
            return nil
        }
        do throws(SupervisorFailure) { try network.join(request, container, namespace) } catch {
            network.leave()
            throw error
        }
        return network
    }

    private func join(
        _ request: NetworkRequest, _ container: (id: String, name: String), _ namespace: CInt
    ) throws(SupervisorFailure) {
        guard let owner = ProcessIdentity.current() else { throw SupervisorFailure("cannot read /proc/self/stat") }
        try claim(request, container, owner)
        do throws(NetworkError) {
            var hasDefaultRoute = (v4: false, v6: false)
            for place in 0..<records.count {
                try attach(request.endpoints[place].network, place, namespace, &hasDefaultRoute)
            }
            var leading: [SharedNamespace.Attachment] = []
            for place in 0..<attachments.count where !request.endpoints[place].network.isInternal {
                leading.append(attachments[place])
            }
            if !leading.isEmpty { gate = try shared.namespace.openGate(leading) }
        } catch { throw SupervisorFailure(error.description) }
        do throws(StoreError) {
            for place in 0..<records.count {
                records[place].bridgePort = attachments[place].port
                records[place].gatePort = gate?.port ?? 0
                try store.write(records[place])
            }
        } catch { throw SupervisorFailure(error.description) }
        try publish(request)
        do throws(SystemError) { resolver = try ResolverSockets.make(in: namespace) } catch {
            throw SupervisorFailure("cannot open the container's resolver: \(error)")
        }
    }

    private func claim(
        _ request: NetworkRequest, _ container: (id: String, name: String), _ owner: ProcessIdentity
    ) throws(SupervisorFailure) {
        for place in 0..<request.endpoints.count {
            let endpoint = request.endpoints[place]
            var wish = EndpointStore.Wish(
                network: endpoint.network, containerID: container.id, containerName: container.name,
                interface: "eth\(place)")
            wish.aliases = endpoint.options.aliases
            wish.ipv4 = endpoint.options.ipv4.flatMap { IPAddress($0) }
            wish.ipv6 = endpoint.options.ipv6.flatMap { IPAddress($0) }
            wish.mac = endpoint.options.macAddress.flatMap { HardwareAddress($0) }
            do throws(StoreError) {
                let (record, dead) = try store.claim(wish, owner: owner)
                records.append(record)
                for other in dead {
                    shared.namespace.closeGate(
                        port: other.gatePort,
                        [SharedNamespace.Attachment(port: other.bridgePort, addresses: other.addresses)])
                }
            } catch { throw SupervisorFailure("failed to set up container networking: \(error)") }
        }
    }

    private func attach(
        _ network: NetworkDefinition, _ place: Int, _ namespace: CInt, _ hasDefaultRoute: inout (v4: Bool, v6: Bool)
    ) throws(NetworkError) {
        let record = records[place]
        var bridge = Bridge(name: network.bridgeName, mtu: nil, gateways: [])
        bridge.mtu = network.option("com.docker.network.driver.mtu").flatMap { UInt32($0) }
        var interface = Interface(
            name: record.interface, hardwareAddress: record.mac, addresses: [], gateways: [])
        for (address, prefix, gateway) in [
            (record.ipv4, record.ipv4Prefix, record.gateway4), (record.ipv6, record.ipv6Prefix, record.gateway6),
        ] {
            if let gateway { bridge.gateways.append((gateway, prefix)) }
            guard let address else { continue }
            interface.addresses.append((address, prefix))
            guard let gateway, !network.isInternal else { continue }
            if address.isV4 ? hasDefaultRoute.v4 : hasDefaultRoute.v6 { continue }
            interface.gateways.append(gateway)
            if address.isV4 { hasDefaultRoute.v4 = true } else { hasDefaultRoute.v6 = true }
        }
        attachments.append(try shared.namespace.attach(interface, to: bridge, of: namespace))
    }

    // MARK: published ports

    private func publish(_ request: NetworkRequest) throws(SupervisorFailure) {
        guard let place = request.endpoints.firstIndex(where: { !$0.network.isInternal }) else { return }
        let record = records[place]
        for port in request.ports {
            guard port.protocolName != "sctp" else {
                throw SupervisorFailure("cannot publish \(port.containerPort)/sctp: only TCP and UDP are passed on")
            }
            guard let standard = Self.target(record, v4: record.ipv4 != nil, port.containerPort) else { continue }
            let isDatagram = port.protocolName == "udp"
            let some: [HostPorts.Bound]
            do throws(HostPortError) {
                some = try HostPorts.bind(
                    .init(address: port.hostAddress, ports: port.hostPorts, isDatagram: isDatagram))
            } catch {
                throw SupervisorFailure(
                    "failed to set up container networking: driver failed programming external connectivity on endpoint "
                        + "\(record.containerName) (\(record.endpointID)): \(error)")
            }
            for one in some {
                bound.append(one)
                ports.append(
                    BoundPort(
                        hostAddress: one.address.address, hostPort: one.address.port, containerPort: port.containerPort,
                        protocolName: port.protocolName))
                // A client of version 6 is seen as itself where the container has an address of that version.
                let own = one.address.address.isV4 ? nil : Self.target(record, v4: false, port.containerPort)
                targets.append(own ?? standard)
            }
        }
    }

    private static func target(_ record: EndpointRecord, v4: Bool, _ port: UInt16) -> PublishedTarget? {
        guard let address = v4 ? record.ipv4 : record.ipv6, let gateway = v4 ? record.gateway4 : record.gateway6,
            let subnet = Subnet(address, prefix: v4 ? record.ipv4Prefix : record.ipv6Prefix)
        else { return nil }
        return PublishedTarget(address: SocketAddress(address, port: port), gateway: gateway, subnet: subnet)
    }

    // MARK: the process

    /// Forks the process that serves it all; `report` is told what the container was refused. Throws `SystemError`.
    func serve(_ request: NetworkRequest, report: @escaping (String) -> Void) throws(SystemError) -> NetworkProcess {
        var service = NetworkService(namespace: shared.namespace.descriptor.rawValue)
        for place in 0..<bound.count { service.ports.append(.init(bound: bound[place], target: targets[place])) }
        if let resolver {
            var networks: [(id: String, name: String)] = []
            for endpoint in request.endpoints where !endpoint.network.isDefault {
                networks.append((endpoint.network.id, endpoint.network.name))
            }
            let names = ContainerNames(
                NetworkNames(store, networks: networks, links: request.links), host: NetworkRequest.host)
            var servers = UpstreamServers.host(path: "/etc/resolv.conf")
            if !request.nameServers.isEmpty {
                var list: [SocketAddress] = []
                for address in request.nameServers { list.append(SocketAddress(address, port: 53)) }
                servers = .fixed(list)
            }
            service.names = .init(udp: resolver.udp, tcp: resolver.tcp, source: names, servers: servers)
        }
        if let gate {
            var settings = GateSettings()
            settings.hostAddresses = [NetworkRequest.host]
            for record in records {
                if let gateway = record.gateway4 { settings.hostAddresses.append(gateway) }
                if let gateway = record.gateway6 { settings.hostAddresses.append(gateway) }
            }
            settings.isolated = request.isolated
            settings.policy = request.policy
            service.gate = (gate, settings)
        }
        service.report = report
        let serving = service
        return try NetworkProcess(keeping: service.descriptors) { serving.run() }
    }

    /// Lets go of the host's ports.
    func unpublish() {
        for one in bound { close(one.socket) }
        bound = []
    }

    /// Gives back what was taken. It waits for the kernel, some tens of milliseconds.
    func leave() {
        unpublish()
        if let gate {
            shared.namespace.closeGate(gate)
            gate.close()
        }
        gate = nil
        if let resolver {
            close(resolver.udp)
            close(resolver.tcp)
        }
        resolver = nil
        // One that stays is swept by whoever is next.
        for record in records { try? store.forget(record) }
        records = []
    }

    /// The lines of `/etc/hosts` for the container's own names.
    func ownLines(_ names: String) -> String {
        var text = ""
        for record in records {
            for address in record.addresses { text += "\(address)\t\(names)\n" }
        }
        return text
    }
}

/// The shared namespace as long as a supervisor lives, from its container's first start on: the next start finds it by that.
final class NamespaceHold {
    let namespace: SharedNamespace

    init(_ namespace: consuming SharedNamespace) { self.namespace = namespace }
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
}
