import Addresses
import Glibc
package import Linux
import Netlink

/// A container's way out, on sockets of the shared namespace, in a process of the host's.
///
/// The first packet of a connection waits in a queue while the gate connects from the host's namespace. If that succeeds the
/// packet goes on, to a transparent listener of the gate, and bytes are copied; if not, the kernel answers it as it would have
/// without a gate. So the container is told the truth.
package final class Gate: ReactorClient {
    let hub: RelayHub
    let sockets: GateSockets
    let context: GateContext
    private var pending: [Flow: Attempt] = [:]
    private var flows: [CInt: Flow] = [:]
    private var datagrams: DatagramGate?
    private var echoes: EchoGate?

    var reactor: Reactor { hub.reactor }

    struct Flow: Hashable {
        let source: SocketAddress
        let destination: SocketAddress
    }

    private struct Attempt {
        var socket: CInt
        /// The packet that waits; nil when it has gone on.
        var packet: UInt32?
        var timer: Reactor.Timer
    }

    // What may be on its way at once; more wait for the client's next try.
    private static let most = 4096
    // In milliseconds: how long a packet waits for the other side, and the other side for the packet.
    private static let patience: Int64 = 130_000
    private static let acceptance: Int64 = 10_000
    // How long nobody is accepted where there is no descriptor for one.
    private static let pause: Int64 = 100

    /// Serves what comes to `sockets`, which stay open as long as the reactor runs. `report` is told what the policy refuses, a
    /// line each. Throws `SystemError`.
    package init(
        _ hub: RelayHub, _ sockets: GateSockets, _ settings: GateSettings, report: @escaping (String) -> Void
    ) throws(SystemError) {
        self.hub = hub
        self.sockets = sockets
        context = GateContext(settings, report: report)
        for number in [sockets.tcp4, sockets.tcp6, sockets.queue] {
            if let number { try reactor.watch(number, .readable, self) }
        }
        datagrams = try DatagramGate(self)
        echoes = try EchoGate(self)
    }

    /// Something has come to one of the gate's sockets, or a connection has come to its end.
    package func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        if descriptor == sockets.queue {
            takePackets()
        } else if descriptor == sockets.tcp4 || descriptor == sockets.tcp6 {
            accept(descriptor)
        } else {
            settle(descriptor)
        }
    }

    // MARK: packets that wait

    private func takePackets() {
        // Where the kernel dropped some their senders send them again.
        guard let packets = try? PacketQueue.receive(sockets.queue) else { return }
        for packet in packets {
            guard let headers = PacketHeaders(packet.payload) else {
                decide(packet.number, nil)
                continue
            }
            switch headers.protocolNumber {
            case 6: begin(packet.number, headers)
            case 1, 58: answerEcho(packet.number, headers)
            default: decide(packet.number, nil)
            }
        }
    }

    private func answerEcho(_ packet: UInt32, _ headers: PacketHeaders) {
        switch context.decide(headers.destination, port: nil, "ICMP") {
        case .refuse(let errno): decide(packet, Self.mark(errno))
        case .go(let target):
            let isSent = echoes?.send(headers, to: target) ?? false
            decide(packet, isSent ? nil : .prohibited)
        }
    }

    private func begin(_ packet: UInt32, _ headers: PacketHeaders) {
        guard let ports = headers.ports else { return decide(packet, nil) }
        let flow = Flow(
            source: SocketAddress(headers.source, port: ports.source),
            destination: SocketAddress(headers.destination, port: ports.destination))
        if let attempt = pending[flow] {
            // Sent again: the first one waits, or was lost behind us.
            return decide(packet, attempt.packet == nil ? .deliver : nil)
        }
        guard pending.count < Self.most else { return decide(packet, nil) }
        let target: IPAddress
        switch context.decide(flow.destination.address, port: flow.destination.port, "TCP") {
        case .refuse(let errno): return decide(packet, Self.mark(errno))
        case .go(let address): target = address
        }
        do throws(SystemError) {
            let socket = try InternetSocket.make(SOCK_STREAM, v4: target.isV4)
            let isConnected = try InternetSocket.connect(
                socket.rawValue, to: SocketAddress(target, port: flow.destination.port))
            if !isConnected { try reactor.watch(socket.rawValue, .writable, self) }
            let number = socket.release()
            flows[number] = flow
            pending[flow] = Attempt(
                socket: number, packet: packet,
                timer: reactor.after(milliseconds: Self.patience) { self.giveUp(flow) })
            if isConnected { pass(flow) }
        } catch { decide(packet, Self.mark(error.errno)) }
    }

    // A connection has come to its end, one way or the other.
    private func settle(_ socket: CInt) {
        guard let flow = flows[socket], let attempt = pending[flow] else { return reactor.unwatch(socket) }
        reactor.unwatch(socket)
        if let error = InternetSocket.pendingError(socket) {
            forget(flow)
            close(socket)
            if let packet = attempt.packet { decide(packet, Self.mark(error)) }
        } else {
            pass(flow)
        }
    }

    private func pass(_ flow: Flow) {
        guard var attempt = pending[flow], let packet = attempt.packet else { return }
        reactor.cancel(attempt.timer)
        attempt.packet = nil
        attempt.timer = reactor.after(milliseconds: Self.acceptance) { self.giveUp(flow) }
        pending[flow] = attempt
        decide(packet, .deliver)
    }

    private func giveUp(_ flow: Flow) {
        guard let attempt = pending[flow] else { return }
        reactor.unwatch(attempt.socket)
        forget(flow)
        StreamRelay.reset(attempt.socket)
        if let packet = attempt.packet { decide(packet, nil) }
    }

    private func forget(_ flow: Flow) {
        guard let attempt = pending.removeValue(forKey: flow) else { return }
        reactor.cancel(attempt.timer)
        flows[attempt.socket] = nil
    }

    private func accept(_ listener: CInt) {
        for _ in 0..<64 {
            let connection: (descriptor: CInt, peer: SocketAddress)?
            do throws(SystemError) { connection = try InternetSocket.accept(listener) } catch {
                // What cannot be accepted stays, and would be told again at once.
                try? reactor.rewatch(listener, [])
                reactor.after(milliseconds: Self.pause) { try? self.reactor.rewatch(listener, .readable) }
                return
            }
            guard let (number, peer) = connection else { return }
            // The name of the socket is whom the container meant (IP_TRANSPARENT).
            guard let own = try? InternetSocket.localAddress(number),
                let attempt = pending[Flow(source: peer, destination: own)], attempt.packet == nil
            else {
                StreamRelay.reset(number)
                continue
            }
            forget(Flow(source: peer, destination: own))
            hub.streams.join(number, attempt.socket)
        }
    }

    // MARK: verdicts

    /// How the kernel answers a packet whose connection fails with an error; nil: not at all.
    private static func mark(_ errno: Errno) -> PacketRules.Mark? {
        switch errno.rawValue {
        case ECONNREFUSED, ECONNRESET: .reset
        case EHOSTUNREACH, EHOSTDOWN: .hostUnreachable
        case ENETUNREACH, ENETDOWN, EADDRNOTAVAIL, EAFNOSUPPORT: .networkUnreachable
        case EPERM, EACCES: .prohibited
        // It would have waited as long; and what lacks here (EMFILE) may be there at the next try.
        default: nil
        }
    }

    private func decide(_ packet: UInt32, _ mark: PacketRules.Mark?) {
        var batch = NetlinkBatch()
        batch.decide(mark == nil ? .drop : .again, mark: mark?.rawValue ?? 0, of: packet, in: sockets.port)
        PacketQueue.send(batch, to: sockets.queue)
    }
}
