import Addresses
import Linux

/// What a gate needs to know of a packet: from whom to whom, and what it carries (RFC 791, RFC 8200).
struct PacketHeaders {
    let source: IPAddress
    let destination: IPAddress
    /// IPPROTO_TCP and so on.
    let protocolNumber: UInt8
    let timeToLive: UInt8
    /// From the header of the transport protocol on.
    let body: ArraySlice<UInt8>

    /// nil for what is too short, a later fragment, or has more extension headers than anything honest.
    init?(_ packet: ArraySlice<UInt8>) {
        guard let first = packet.first else { return nil }
        func address(_ offset: Int, _ count: Int) -> IPAddress? {
            IPAddress(bytes: packet.dropFirst(offset).prefix(count))
        }
        if first >> 4 == 4 {
            let length = Int(first & 15) * 4
            guard length >= 20, packet.count >= length, let source = address(12, 4), let destination = address(16, 4)
            else {
                return nil
            }
            let start = packet.startIndex
            guard UInt16(packet[start + 6]) & 0x1f == 0, packet[start + 7] == 0 else { return nil }
            (self.source, self.destination) = (source, destination)
            timeToLive = packet[start + 8]
            protocolNumber = packet[start + 9]
            body = packet.dropFirst(length)
        } else {
            guard first >> 4 == 6, packet.count >= 40, let source = address(8, 16), let destination = address(24, 16)
            else {
                return nil
            }
            var next = packet[packet.startIndex + 6]
            var rest = packet.dropFirst(40)
            var headers = 0
            // Hop-by-hop options, routing and destination options.
            while [0, 43, 60].contains(next) {
                guard headers < 8, rest.count >= 8 else { return nil }
                let length = (Int(rest[rest.startIndex + 1]) + 1) * 8
                guard length <= rest.count else { return nil }
                next = rest[rest.startIndex]
                rest = rest.dropFirst(length)
                headers += 1
            }
            (self.source, self.destination) = (source, destination)
            timeToLive = packet[packet.startIndex + 7]
            protocolNumber = next
            body = rest
        }
    }

    /// Both ports, of TCP and UDP.
    var ports: (source: UInt16, destination: UInt16)? {
        guard body.count >= 4 else { return nil }
        let start = body.startIndex
        return (
            UInt16(body[start]) << 8 | UInt16(body[start + 1]), UInt16(body[start + 2]) << 8 | UInt16(body[start + 3])
        )
    }
}

/// Packets of ICMP that are made here (RFC 792, RFC 4443).
enum ControlMessage {
    /// The checksum of the internet (RFC 1071).
    static func checksum(_ parts: [UInt8]...) -> UInt16 {
        var sum: UInt64 = 0
        for part in parts {
            for (place, byte) in part.enumerated() { sum += place % 2 == 0 ? UInt64(byte) << 8 : UInt64(byte) }
        }
        while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
        return ~UInt16(sum)
    }

    /// The packet with `message` as its content, whose checksum is set here.
    static func packet(
        _ message: [UInt8], from source: IPAddress, to destination: IPAddress, timeToLive: UInt8 = 64
    ) -> [UInt8] {
        var message = message
        guard message.count >= 8, message.count <= 65_000 else { return [] }
        (message[2], message[3]) = (0, 0)
        let sum: UInt16
        let head: [UInt8]
        if source.isV4 {
            sum = checksum(message)
            // The kernel fills in the length, the identification and the checksum (raw(7)).
            head = [0x45, 0, 0, 0, 0, 0, 0, 0, timeToLive, 1, 0, 0] + source.bytes + destination.bytes
        } else {
            let length = [UInt8(message.count >> 8), UInt8(message.count & 255)]
            sum = checksum(source.bytes, destination.bytes, [0, 0] + length + [0, 0, 0, 58], message)
            head = [0x60, 0, 0, 0] + length + [58, timeToLive] + source.bytes + destination.bytes
        }
        (message[2], message[3]) = (UInt8(sum >> 8), UInt8(sum & 255))
        return head + message
    }

    /// What says that a datagram of UDP was not delivered: to its sender, from where it was sent to.
    static func unreachable(_ error: Errno, sender: SocketAddress, destination: SocketAddress) -> [UInt8]? {
        let isV4 = sender.address.isV4
        let (type, code): (UInt8, UInt8)
        switch error.rawValue {
        case 111: (type, code) = isV4 ? (3, 3) : (1, 4)  // ECONNREFUSED
        case 113: (type, code) = isV4 ? (3, 1) : (1, 3)  // EHOSTUNREACH
        case 101: (type, code) = isV4 ? (3, 0) : (1, 0)  // ENETUNREACH
        case 1, 13: (type, code) = isV4 ? (3, 13) : (1, 1)  // EPERM, EACCES
        default: return nil
        }
        // The headers of the datagram, as its sender knows them.
        let ports = [
            UInt8(sender.port >> 8), UInt8(sender.port & 255), UInt8(destination.port >> 8),
            UInt8(destination.port & 255),
        ]
        let quoted: [UInt8]
        if isV4 {
            quoted =
                [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0] + sender.address.bytes + destination.address.bytes + ports
                + [0, 8, 0, 0]
        } else {
            quoted =
                [0x60, 0, 0, 0, 0, 8, 17, 64] + sender.address.bytes + destination.address.bytes + ports + [0, 8, 0, 0]
        }
        return packet([type, code, 0, 0, 0, 0, 0, 0] + quoted, from: destination.address, to: sender.address)
    }
}
