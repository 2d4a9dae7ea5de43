import Addresses
package import Glibc
package import Linux
import Netlink

/// The sockets in the shared namespace by which a container's packets for the world come to the process that serves it. They
/// are numbers of descriptors, which the process that holds them passes on by fork(2) and closes with `close()`.
package struct GateSockets: Sendable {
    /// The port of all listeners, and the number of the queue.
    package var port: UInt16
    /// A transparent listener of TCP, and a transparent socket that tells the destinations of its datagrams, for each version.
    package var tcp4: CInt
    package var udp4: CInt
    package var tcp6: CInt?
    package var udp6: CInt?
    /// The packets that wait for a verdict (nfnetlink_queue).
    package var queue: CInt
    /// Sends packets with headers of their own (raw(7), IP_HDRINCL).
    package var raw4: CInt
    package var raw6: CInt?
    /// What leads packets here, to be taken away again.
    fileprivate(set) var places: [PacketRules.Place]
    /// What has led packets here before.
    fileprivate var former: [PacketRules.Place] = []

    /// All descriptors.
    package var numbers: [CInt] {
        var numbers = [tcp4, udp4, queue, raw4]
        for number in [tcp6, udp6, raw6] { if let number { numbers.append(number) } }
        return numbers
    }

    /// Closes the descriptors; the rules stay until `SharedNamespace.closeGate`.
    package func close() { for number in numbers { Glibc.close(number) } }
}

/// How much of a packet a gate is shown: an echo request's content goes on with it.
let queuedBytes: UInt32 = 65_535

extension SharedNamespace {
    /// Opens the way out for the container that has these ends on bridges. Throws `NetworkError`.
    package func openGate(_ attachments: [Attachment]) throws(NetworkError) -> GateSockets {
        let places = Self.places(attachments)
        let gate = try makeSockets(places)
        do throws(NetworkError) {
            try asking { () throws(NetlinkError) in
                let rules = PacketRules.open(gate: gate.port, places, queueKind)
                do throws(NetlinkError) { try connections.netfilter.run(rules) } catch {
                    // Left by a container that was killed.
                    guard error.errno == .exists || error.errno == .busy else { throw error }
                    remove(gate.port, places)
                    try connections.netfilter.run(rules)
                }
            }
        } catch {
            gate.close()
            throw error
        }
        return gate
    }

    /// Has a gate that is open serve another end of its container's. Throws `NetworkError`.
    package func widen(_ gate: inout GateSockets, by attachment: Attachment) throws(NetworkError) {
        let places = Self.places([attachment])
        let rules = PacketRules.widen(gate: gate.port, gate.places + gate.former, by: places, queueKind)
        try asking { () throws(NetlinkError) in
            do throws(NetlinkError) { try connections.netfilter.run(rules) } catch {
                // Left by a container that was killed.
                guard error.errno == .exists else { throw error }
                run(PacketRules.forget(places))
                try connections.netfilter.run(rules)
            }
        }
        gate.places += places
    }

    /// Has a gate serve an end of its container's no more.
    package func narrow(_ gate: inout GateSockets, by attachment: Attachment) {
        run(PacketRules.forget(Self.places([attachment])))
        gate.former += gate.places.filter { $0.port == attachment.port }
        gate.places.removeAll { $0.port == attachment.port }
    }

    /// Takes the rules of a gate away. What cannot be taken away goes with the namespace.
    package func closeGate(_ gate: GateSockets) {
        run(PacketRules.close(gate: gate.port, gate.places, former: gate.former))
    }

    /// Takes the rules of a container away that was killed: its gate's port, and its addresses by the bridge ports that they
    /// were on.
    package func closeGate(port: UInt16, _ attachments: [Attachment]) {
        remove(port, Self.places(attachments))
    }

    private static func places(_ attachments: [Attachment]) -> [PacketRules.Place] {
        var places: [PacketRules.Place] = []
        for attachment in attachments {
            for address in attachment.addresses {
                places.append(
                    .init(
                        port: attachment.port, address: address,
                        isForwarded: attachment.isForwarded && address.isV4))
            }
        }
        return places
    }

    private func remove(_ gate: UInt16, _ places: [PacketRules.Place]) {
        run(PacketRules.close(gate: gate, places))
    }

    // All at once; one by one where some of it is gone already. What cannot be taken away goes with the namespace.
    private func run(_ removals: [PacketRules.Change]) {
        do throws(NetlinkError) { try connections.netfilter.run(PacketRules.transaction(removals)) } catch {
            for removal in removals {
                try? connections.netfilter.run(PacketRules.transaction([removal]), ignoring: [.noEntry, .busy])
            }
        }
    }

    // Of both versions, whatever the container's networks have now: there may be others later.
    private func makeSockets(_ places: [PacketRules.Place]) throws(NetworkError) -> GateSockets {
        let hasV6 = access("/proc/net/if_inet6", F_OK) == 0
        typealias Kind = NamespaceSockets.Kind
        let (stream, datagram, raw) = (
            CInt(SOCK_STREAM.rawValue), CInt(SOCK_DGRAM.rawValue), CInt(SOCK_RAW.rawValue)
        )
        var kinds = [
            Kind(domain: AF_INET, type: stream), Kind(domain: AF_INET, type: datagram),
            NetlinkSocket.Family.netfilter.kind,
            Kind(domain: AF_INET, type: raw, protocol: CInt(IPPROTO_RAW)),
        ]
        if hasV6 {
            kinds += [
                Kind(domain: AF_INET6, type: stream), Kind(domain: AF_INET6, type: datagram),
                Kind(domain: AF_INET6, type: raw, protocol: CInt(IPPROTO_RAW)),
            ]
        }
        // A port that the other listeners cannot have is somebody else's for UDP.
        for _ in 0..<8 {
            let numbers = try doing("open the sockets of the way out") { () throws(SystemError) in
                try NamespaceSockets.make(kinds, in: descriptor.rawValue)
            }
            var gate = GateSockets(
                port: 0, tcp4: numbers[0], udp4: numbers[1], tcp6: hasV6 ? numbers[4] : nil,
                udp6: hasV6 ? numbers[5] : nil, queue: numbers[2], raw4: numbers[3], raw6: hasV6 ? numbers[6] : nil,
                places: places)
            do throws(SystemError) {
                try bind(&gate)
                // A descriptor of its own for the conversation: the other one is the gate's.
                let queue = NetlinkSocket(
                    owning: FileDescriptor(owning: try DescriptorTable.copy(gate.queue, atLeast: 3)))
                var binding = NetlinkBatch()
                binding.bindQueue(gate.port, count: queuedBytes)
                do throws(NetlinkError) { try queue.run(binding) } catch {
                    throw SystemError("bind", error.subject, error.errno)
                }
                return gate
            } catch {
                gate.close()
                guard error.errno == Errno(EADDRINUSE) || error.errno == .busy else {
                    throw .failed(action: "open the sockets of the way out", error)
                }
            }
        }
        throw .failed(
            action: "open the sockets of the way out", SystemError("bind", "a port of TCP and UDP", Errno(EADDRINUSE)))
    }

    private func bind(_ gate: inout GateSockets) throws(SystemError) {
        let level4 = CInt(IPPROTO_IP)
        let level6 = CInt(IPPROTO_IPV6)
        for number in [gate.tcp4, gate.udp4] {
            // IP_TRANSPARENT, IP_RECVORIGDSTADDR
            try InternetSocket.set(19, of: level4, to: 1, on: number)
            try InternetSocket.set(20, of: level4, to: 1, on: number)
        }
        for number in [gate.tcp6, gate.udp6] {
            guard let number else { continue }
            // IPV6_V6ONLY, IPV6_TRANSPARENT, IPV6_RECVORIGDSTADDR
            for option in [CInt(26), 75, 74] { try InternetSocket.set(option, of: level6, to: 1, on: number) }
        }
        // IPV6_HDRINCL (Linux 4.5)
        if let number = gate.raw6 { try InternetSocket.set(36, of: level6, to: 1, on: number) }
        try InternetSocket.bind(gate.tcp4, to: SocketAddress(.v4(0), port: 0))
        gate.port = try InternetSocket.localAddress(gate.tcp4).port
        try InternetSocket.bind(gate.udp4, to: SocketAddress(.v4(0), port: gate.port))
        for number in [gate.tcp6, gate.udp6] {
            if let number { try InternetSocket.bind(number, to: SocketAddress(.v6(0, 0), port: gate.port)) }
        }
        try InternetSocket.listen(gate.tcp4)
        if let number = gate.tcp6 { try InternetSocket.listen(number) }
    }
}

/// Transparent sockets in the shared namespace, made some at a time: for connections and datagrams that come to a container
/// with their senders' addresses.
package final class TransparentSockets {
    private let namespace: CInt
    private var spare: [Kind: [CInt]] = [:]

    private enum Kind: Hashable { case tcp4, tcp6, udp4, udp6 }

    // Making one takes 25 µs, and one more 2 µs.
    private static let batch = 16

    /// `namespace` is a descriptor of the shared namespace, which somebody else keeps open.
    package init(namespace: CInt) { self.namespace = namespace }

    private static func kind(_ type: __socket_type, v4: Bool) -> Kind {
        type == SOCK_STREAM ? (v4 ? .tcp4 : .tcp6) : (v4 ? .udp4 : .udp6)
    }

    /// Takes back a socket that `take` gave, and that nothing was done with.
    package func giveBack(_ number: CInt, _ type: __socket_type, v4: Bool) {
        spare[Self.kind(type, v4: v4), default: []].append(number)
    }

    /// A socket of TCP or UDP, close-on-exec and non-blocking, with IP_TRANSPARENT and SO_REUSEADDR; the caller closes it.
    package func take(_ type: __socket_type, v4: Bool) throws(SystemError) -> CInt {
        let kind = Self.kind(type, v4: v4)
        if let number = spare[kind]?.popLast() { return number }
        let one = NamespaceSockets.Kind(domain: v4 ? AF_INET : AF_INET6, type: CInt(type.rawValue))
        func make(_ count: Int) throws(SystemError) -> [CInt] {
            try NamespaceSockets.make([NamespaceSockets.Kind](repeating: one, count: count), in: namespace)
        }
        let made: [CInt]
        do throws(SystemError) { made = try make(Self.batch) } catch {
            // Near the limit of descriptors there is room for one, perhaps.
            made = try make(1)
        }
        for number in made {
            // IP_TRANSPARENT, IPV6_TRANSPARENT
            try InternetSocket.set(
                v4 ? 19 : 75, of: CInt(v4 ? IPPROTO_IP : IPPROTO_IPV6), to: 1, on: number)
            try InternetSocket.set(SO_REUSEADDR, of: SOL_SOCKET, to: 1, on: number)
        }
        spare[kind] = Array(made.dropLast())
        return made[made.count - 1]
    }
}
