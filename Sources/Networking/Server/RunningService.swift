import Linux

/// The parts of a service, at work.
final class RunningService: ReactorClient {
    private let updates: CInt?
    private var ports: [Port] = []
    private var gate: Gate?
    private var resolver: Resolver?
    private let names: (any NameSource)?

    private enum Port {
        case stream(PublishedPort)
        case datagrams(PublishedDatagrams)
    }

    init(_ service: NetworkService, _ reactor: Reactor) throws(SystemError) {
        updates = service.updates
        names = service.names?.source
        let hub = RelayHub(reactor, namespace: service.namespace)
        for port in service.ports {
            let socket = port.bound.socket
            ports.append(
                port.bound.isDatagram
                    ? .datagrams(try PublishedDatagrams(hub, socket: socket, port.target))
                    : .stream(try PublishedPort(hub, listener: socket, port.target)))
        }
        if let (sockets, settings) = service.gate {
            gate = try Gate(hub, sockets, settings, report: service.report)
        }
        if let names = service.names {
            resolver = try Resolver(
                reactor, udp: names.udp, tcp: names.tcp, names: names.source, servers: names.servers,
                policy: gate?.context)
        }
        if let updates { try reactor.watch(updates, .readable, self) }
    }

    /// The container's networks have changed.
    func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        if let packet = PacketSocket.receive(from: descriptor) {
            var decoder = WireDecoder(packet.bytes)
            guard let update = try? decoder.read(ServiceUpdate.self) else { return }
            names?.change(networks: update.networks)
            gate?.context.settings = update.settings
            for place in 0..<min(ports.count, update.targets.count) {
                switch ports[place] {
                case .stream(let port): port.target = update.targets[place]
                case .datagrams(let port): port.target = update.targets[place]
                }
            }
        }
    }
}
