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
    /// Whose places they are.
    struct Member {
        let id: String
        let name: String
        let owner: ProcessIdentity
    }

    /// One of the container's networks, and what it has there.
    struct Place {
        let endpoint: NetworkRequest.Endpoint
        var record: EndpointRecord
        var attachment: SharedNamespace.Attachment?

        var network: NetworkDefinition { endpoint.network }

        func gateway(v4: Bool) -> IPAddress? {
            network.isInternal ? nil : v4 ? record.gateway4 : record.gateway6
        }
    }

    let shared: NamespaceHold
    let store: EndpointStore
    private let member: Member
    private(set) var places: [Place] = []
    private(set) var gate: GateSockets?
    private var hasRules = false
    var bound: [HostPorts.Bound] = []
    var targets: [UInt16] = []
    private(set) var resolver: ResolverSockets?
    /// What the machine's own network has for the container; nil where no network of its wants that.
    var routing: MachineRouting?

    /// The published ports.
    var ports: [BoundPort] = []

    init(_ shared: NamespaceHold, _ store: EndpointStore, _ member: Member) {
        self.shared = shared
        self.store = store
        self.member = member
    }

    /// Puts the container, whose network namespace is `namespace`, on its networks. Throws `SupervisorFailure`; nothing is left
    /// then.
    func join(_ request: NetworkRequest, _ namespace: CInt) throws(SupervisorFailure) {
        do throws(SupervisorFailure) {
            for endpoint in request.endpoints { places.append(try claim(endpoint)) }
            let routes = (leader(v4: true), leader(v4: false))
            for place in 0..<places.count { try attach(place, namespace, routes) }
            try openGate()
            for place in places { try write(place.record) }
            try publish(request)
            // Behind the gate's rules, which let no address pass that is not the container's.
            SharedNamespace.announce(places.compactMap(\.attachment), of: namespace)
            do throws(SystemError) { resolver = try ResolverSockets.make(in: namespace) } catch {
                throw SupervisorFailure("cannot open the container's resolver: \(error)")
            }
        } catch {
            leave()
            throw error
        }
    }

    /// Puts the container, which runs, on another network. Throws `SupervisorFailure`; it is not there then.
    func join(_ endpoint: NetworkRequest.Endpoint, _ request: NetworkRequest, _ namespace: CInt)
        throws(SupervisorFailure)
    {
        places.append(try claim(endpoint))
        do throws(SupervisorFailure) {
            try attach(places.count - 1, namespace, (nil, nil))
            try openGate()
            try write(places[places.count - 1].record)
            try setRoutes(namespace)
            try publish(request)
            if let attachment = places[places.count - 1].attachment {
                SharedNamespace.announce([attachment], of: namespace)
            }
        } catch {
            let gone = places[places.count - 1]
            // It is gone with the container at the latest.
            if gone.attachment != nil { try? SharedNamespace.detach(gone.record.interface, of: namespace) }
            forget(places.count - 1, namespace)
            throw error
        }
    }

    /// Takes the container, which runs, from the network with this id. Throws `SupervisorFailure`; it is there still, then.
    func leave(_ network: String, _ namespace: CInt) throws(SupervisorFailure) {
        guard let place = places.firstIndex(where: { $0.record.networkID.isSame(as: network) }) else { return }
        do throws(NetworkError) { try SharedNamespace.detach(places[place].record.interface, of: namespace) } catch {
            throw SupervisorFailure(error.description)
        }
        forget(place, namespace)
        if leader(v4: true) == nil, leader(v4: false) == nil { unpublish() }
    }

    // Its interface is gone.
    private func forget(_ place: Int, _ namespace: CInt) {
        let gone = places.remove(at: place)
        if let attachment = gone.attachment, gate != nil { shared.namespace.narrow(&gate!, by: attachment) }
        withdraw(gone)
        // One that stays is swept by whoever is next.
        try? store.forget(gone.record)
        // Without one there is no way out, as it is without one from the beginning.
        try? setRoutes(namespace)
    }

    // MARK: what a place consists of

    // Interfaces have the lowest numbers that are free.
    private func freeInterface(on endpoint: NetworkRequest.Endpoint) -> String {
        if let name = endpoint.options.driverOptions["com.docker.network.endpoint.ifname"] { return name }
        let prefix = endpoint.network.option("com.docker.network.container_iface_prefix") ?? "eth"
        var number = 0
        while places.contains(where: { $0.record.interface == prefix + "\(number)" }) { number += 1 }
        return prefix + "\(number)"
    }

    private func claim(_ endpoint: NetworkRequest.Endpoint) throws(SupervisorFailure) -> Place {
        var wish = EndpointStore.Wish(
            network: endpoint.network, containerID: member.id, containerName: member.name,
            interface: freeInterface(on: endpoint))
        wish.aliases = endpoint.options.aliases
        wish.ipv4 = endpoint.options.ipv4.flatMap { IPAddress($0) }
        wish.ipv6 = endpoint.options.ipv6.flatMap { IPAddress($0) }
        wish.mac = endpoint.options.macAddress.flatMap { HardwareAddress($0) }
        do throws(StoreError) {
            let (record, dead) = try store.claim(wish, owner: member.owner)
            for other in dead {
                shared.namespace.closeGate(
                    port: other.gatePort,
                    [
                        SharedNamespace.Attachment(
                            port: other.bridgePort, addresses: other.addresses,
                            isForwarded: endpoint.network.hasKernelNAT)
                    ])
            }
            return Place(endpoint: endpoint, record: record)
        } catch { throw SupervisorFailure("failed to set up container networking: \(error)") }
    }

    private func attach(
        _ place: Int, _ namespace: CInt, _ routes: (v4: Int?, v6: Int?)
    ) throws(SupervisorFailure) {
        let (network, record) = (places[place].network, places[place].record)
        var bridge = Bridge(name: network.bridgeName, mtu: nil, gateways: [])
        bridge.mtu = network.option("com.docker.network.driver.mtu").flatMap { UInt32($0) }
        var interface = Interface(name: record.interface, hardwareAddress: record.mac, addresses: [], gateways: [])
        for (address, prefix, gateway) in [
            (record.ipv4, record.ipv4Prefix, record.gateway4), (record.ipv6, record.ipv6Prefix, record.gateway6),
        ] {
            if let gateway { bridge.gateways.append((gateway, prefix)) }
            if let address { interface.addresses.append((address, prefix)) }
        }
        for text in places[place].endpoint.options.linkLocalIPs {
            // With the prefix that addresses of the link have (RFC 3927, RFC 4291).
            if let address = IPAddress(text) { interface.addresses.append((address, address.isV4 ? 16 : 64)) }
        }
        interface.isIsolated = !network.hasInnerTraffic
        interface.isForwarded = network.hasKernelNAT
        for (leader, v4) in [(routes.v4, true), (routes.v6, false)] where leader == place {
            if let gateway = places[place].gateway(v4: v4) { interface.gateways.append(gateway) }
        }
        do throws(NetworkError) {
            let attachment = try shared.namespace.attach(interface, to: bridge, of: namespace)
            places[place].attachment = attachment
            places[place].record.bridgePort = attachment.port
            try lead(places[place], bridge)
        } catch { throw SupervisorFailure(error.description) }
    }

    // Has the gate serve all places that lead out.
    private func openGate() throws(SupervisorFailure) {
        var leading: [SharedNamespace.Attachment] = []
        for place in places where !place.network.isInternal && place.record.gatePort == 0 {
            if let attachment = place.attachment { leading.append(attachment) }
        }
        guard !leading.isEmpty else { return }
        do throws(NetworkError) {
            if gate == nil {
                gate = try shared.namespace.openGate(leading)
                hasRules = true
            } else {
                for attachment in leading { try shared.namespace.widen(&gate!, by: attachment) }
            }
        } catch { throw SupervisorFailure(error.description) }
        for place in 0..<places.count where !places[place].network.isInternal {
            places[place].record.gatePort = gate?.port ?? 0
        }
    }

    private func write(_ record: EndpointRecord) throws(SupervisorFailure) {
        do throws(StoreError) { try store.write(record) } catch { throw SupervisorFailure(error.description) }
    }

    // MARK: the way out

    /// The place whose gateway is the container's: that of the highest priority, of several the first by the networks' names.
    func leader(v4: Bool) -> Int? {
        var best: Int?
        for place in 0..<places.count where places[place].gateway(v4: v4) != nil {
            guard let former = best else {
                best = place
                continue
            }
            let (one, other) = (places[place].endpoint, places[former].endpoint)
            if one.options.gatewayPriority != other.options.gatewayPriority {
                if one.options.gatewayPriority > other.options.gatewayPriority { best = place }
            } else if one.network.name.utf8.lexicographicallyPrecedes(other.network.name.utf8) {
                best = place
            }
        }
        return best
    }

    private func setRoutes(_ namespace: CInt) throws(SupervisorFailure) {
        var gateways: [(address: IPAddress, interface: String)] = []
        for v4 in [true, false] {
            guard let place = leader(v4: v4), let address = places[place].gateway(v4: v4) else { continue }
            gateways.append((address, places[place].record.interface))
        }
        guard !gateways.isEmpty else { return }
        do throws(NetworkError) { try SharedNamespace.setDefaultRoutes(gateways, of: namespace) } catch {
            throw SupervisorFailure(error.description)
        }
    }

    // MARK: the end

    /// Gives back what others may want, before anybody hears that the container has ended: its addresses and names, what leads
    /// packets to it, and the host's ports. It takes half a millisecond.
    func retire() {
        unpublish()
        // Once: its places are others' from then on.
        if let gate, hasRules { shared.namespace.closeGate(gate) }
        hasRules = false
        // One that stays is swept by whoever is next.
        for place in places {
            withdraw(place)
            try? store.forget(place.record)
        }
        places = []
    }

    /// Gives everything back. It waits for the kernel: a socket of netfilter is closed only when all that belonged to rules which
    /// were removed is gone, which takes some tens of milliseconds.
    func leave() {
        retire()
        gate?.close()
        gate = nil
        resolver?.close()
        resolver = nil
        routing = nil
    }

    /// The lines of `/etc/hosts` for the container's own names.
    func ownLines(_ names: String) -> String {
        var text = ""
        for place in places { text += Self.ownLines(names, place.record) }
        return text
    }

    /// Those of one place.
    static func ownLines(_ names: String, _ record: EndpointRecord) -> String {
        var text = ""
        for address in record.addresses { text += "\(address)\t\(names)\n" }
        return text
    }
}

/// The shared namespace as long as a supervisor lives, from its container's first start on: the next start finds it by that.
final class NamespaceHold {
    let namespace: SharedNamespace

    init(_ namespace: consuming SharedNamespace) { self.namespace = namespace }
}
