import Linux

/// What serves one container's networks, in a process of its own: everything is open when it begins.
package struct NetworkService {
    /// A host's port, and where what comes to it goes.
    package struct Port {
        package var bound: HostPorts.Bound
        package var target: PublishedTarget

        package init(bound: HostPorts.Bound, target: PublishedTarget) {
            self.bound = bound
            self.target = target
        }
    }

    /// The resolver's sockets in the container's namespace, and what it knows.
    package struct Names {
        package var udp: CInt
        /// Listens.
        package var tcp: CInt
        package var source: any NameSource
        package var servers: UpstreamServers

        package init(udp: CInt, tcp: CInt, source: any NameSource, servers: UpstreamServers) {
            self.udp = udp
            self.tcp = tcp
            self.source = source
            self.servers = servers
        }
    }

    /// A descriptor of the shared namespace.
    package var namespace: CInt
    package var ports: [Port] = []
    package var names: Names?
    package var gate: (sockets: GateSockets, settings: GateSettings)?
    /// A socket of packets by which `ServiceUpdate`s come; nil where nothing changes.
    package var updates: CInt?
    /// Is told what the container was refused, a line each.
    package var report: (String) -> Void = { _ in }

    package init(namespace: CInt) { self.namespace = namespace }

    /// All that the process has to keep.
    package var descriptors: [CInt] {
        var numbers = [namespace]
        if let updates { numbers.append(updates) }
        for port in ports { numbers.append(port.bound.socket) }
        if let names { numbers += [names.udp, names.tcp] }
        if let gate { numbers += gate.sockets.numbers }
        return numbers
    }

    /// Takes over what has changed.
    package mutating func apply(_ update: ServiceUpdate) {
        names?.source.change(networks: update.networks)
        gate?.settings = update.settings
        for place in 0..<min(ports.count, update.targets.count) { ports[place].target = update.targets[place] }
    }

    /// Serves until it is killed; returns an exit code where it cannot go on.
    package func run() -> CInt {
        // A descriptor or two for each connection.
        if let number = ResourceLimit.number(of: "RLIMIT_NOFILE"), let limit = KernelFacts.limit(of: number) {
            try? ResourceLimit.set(number, soft: limit.hard, hard: limit.hard)
        }
        do throws(SystemError) {
            let reactor = try Reactor(rests: true)
            let parts = try RunningService(self, reactor)
            try reactor.run()
            withExtendedLifetime(parts) {}
            return 0
        } catch { return 1 }
    }
}
