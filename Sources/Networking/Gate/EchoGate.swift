import Addresses
import Glibc
import Linux

/// The part of a gate that passes echo requests on, by the sockets that the kernel has for that (icmp(7)), whose replies it
/// gives back in the name of who was asked.
final class EchoGate: ReactorClient {
    private unowned let gate: Gate
    private var byKey: [Key: Conversation] = [:]
    private var bySocket: [CInt: Key] = [:]

    private struct Key: Hashable {
        let source: IPAddress
        let destination: IPAddress
        let identifier: UInt16
    }

    private struct Conversation {
        var socket: CInt
        var timer: Reactor.Timer
    }

    private static let most = 256
    // In milliseconds, after the last request.
    private static let patience: Int64 = 30_000

    init(_ gate: Gate) throws(SystemError) { self.gate = gate }

    /// Passes the request in `headers` on to `target`; false where this machine lets nobody do that
    /// (net.ipv4.ping_group_range).
    func send(_ headers: PacketHeaders, to target: IPAddress) -> Bool {
        // Type, code, checksum, identifier, sequence number.
        guard headers.body.count >= 8 else { return true }
        let start = headers.body.startIndex
        let identifier = UInt16(headers.body[start + 4]) << 8 | UInt16(headers.body[start + 5])
        let key = Key(source: headers.source, destination: headers.destination, identifier: identifier)
        do throws(SystemError) {
            let socket = try conversation(key, target)
            Array(headers.body).withUnsafeBytes { bytes in
                // Lost, as on any network.
                try? InternetSocket.send(socket, bytes, to: nil)
            }
            return true
        } catch { return error.errno != .access && error.errno != .notPermitted }
    }

    private func conversation(_ key: Key, _ target: IPAddress) throws(SystemError) -> CInt {
        if let known = byKey[key] {
            gate.reactor.cancel(known.timer)
            byKey[key]?.timer = timer(key)
            return known.socket
        }
        if byKey.count >= Self.most, let any = byKey.keys.first { end(any) }
        let socket = try InternetSocket.make(
            SOCK_DGRAM, v4: target.isV4, protocol: target.isV4 ? CInt(IPPROTO_ICMP) : CInt(IPPROTO_ICMPV6))
        _ = try InternetSocket.connect(socket.rawValue, to: SocketAddress(target, port: 0))
        try gate.reactor.watch(socket.rawValue, .readable, self)
        let number = socket.release()
        byKey[key] = Conversation(socket: number, timer: timer(key))
        bySocket[number] = key
        return number
    }

    private func timer(_ key: Key) -> Reactor.Timer {
        gate.reactor.after(milliseconds: Self.patience) { self.end(key) }
    }

    private func end(_ key: Key) {
        guard let conversation = byKey.removeValue(forKey: key) else { return }
        gate.reactor.cancel(conversation.timer)
        bySocket[conversation.socket] = nil
        gate.reactor.unwatch(conversation.socket)
        close(conversation.socket)
    }

    func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        guard let key = bySocket[descriptor] else { return }
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { room in
            while let (count, _) = (try? InternetSocket.receive(descriptor, into: room)) ?? nil {
                guard count >= 8 else { continue }
                var message = Array(room[..<count])
                // The kernel has put an identifier of its own in.
                (message[4], message[5]) = (UInt8(key.identifier >> 8), UInt8(key.identifier & 255))
                let packet = ControlMessage.packet(message, from: key.destination, to: key.source)
                gate.sendRaw(packet, to: key.source)
            }
        }
    }
}

extension Gate {
    /// Sends a whole packet into the container's network. Lost where there is no room.
    func sendRaw(_ packet: [UInt8], to address: IPAddress) {
        guard !packet.isEmpty, let socket = address.isV4 ? sockets.raw4 : sockets.raw6 else { return }
        for part in Fragments.of(packet) {
            part.withUnsafeBytes { bytes in
                try? InternetSocket.send(socket, bytes, to: SocketAddress(address, port: 0))
            }
        }
    }
}
