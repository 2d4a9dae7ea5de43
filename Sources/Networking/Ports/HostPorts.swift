package import Addresses
import Glibc
package import Linux

/// Sockets of the host that listen for what is published.
package enum HostPorts {
    /// What is to be bound.
    package struct Wish: Sendable {
        /// nil: all addresses of both versions.
        package var address: IPAddress?
        /// The first of them that is free; nil: any.
        package var ports: ClosedRange<UInt16>?
        package var isDatagram: Bool

        package init(address: IPAddress?, ports: ClosedRange<UInt16>?, isDatagram: Bool) {
            self.address = address
            self.ports = ports
            self.isDatagram = isDatagram
        }
    }

    /// A socket that is bound, and, of TCP, listens. Whoever has it closes it.
    package struct Bound: Sendable {
        package let socket: CInt
        package let address: SocketAddress
        package let isDatagram: Bool
    }

    /// Binds one port on one address, or on all of version 4 and, where the machine has it, of version 6. Throws
    /// `HostPortError`; then nothing is bound.
    package static func bind(_ wish: Wish) throws(HostPortError) -> [Bound] {
        guard let ports = wish.ports else {
            // The kernel's choice for version 4 may be somebody's of version 6.
            for _ in 0..<16 {
                if let bound = try attempt(wish, port: 0, isLast: false) { return bound }
            }
            return try attempt(wish, port: 0, isLast: true) ?? []
        }
        for port in ports {
            if let bound = try attempt(wish, port: port, isLast: port == ports.upperBound) { return bound }
        }
        return []
    }

    // nil where the port is taken, and is not the last.
    private static func attempt(_ wish: Wish, port: UInt16, isLast: Bool) throws(HostPortError) -> [Bound]? {
        var bound: [Bound] = []
        var port = port
        for address in wish.address.map({ [$0] }) ?? [.v4(0), .v6(0, 0)] {
            let place = SocketAddress(address, port: port)
            do throws(SystemError) {
                let one = try bind(place, wish.isDatagram)
                bound.append(one)
                port = one.address.port
            } catch {
                // A machine without IPv6.
                if wish.address == nil, !address.isV4,
                    error.errno == Errno(EAFNOSUPPORT) || error.errno == Errno(EADDRNOTAVAIL)
                {
                    continue
                }
                for one in bound { close(one.socket) }
                if error.errno == Errno(EADDRINUSE), !isLast { return nil }
                throw HostPortError(address: place, isDatagram: wish.isDatagram, errno: error.errno)
            }
        }
        return bound
    }

    private static func bind(_ address: SocketAddress, _ isDatagram: Bool) throws(SystemError) -> Bound {
        let isV4 = address.address.isV4
        let socket = try InternetSocket.make(isDatagram ? SOCK_DGRAM : SOCK_STREAM, v4: isV4)
        let number = socket.rawValue
        // IPV6_V6ONLY
        if !isV4 { try InternetSocket.set(26, of: CInt(IPPROTO_IPV6), to: 1, on: number) }
        if isDatagram {
            // IP_PKTINFO, IPV6_RECVPKTINFO: replies leave from where they were asked.
            try InternetSocket.set(
                isV4 ? 8 : 49, of: CInt(isV4 ? IPPROTO_IP : IPPROTO_IPV6), to: 1, on: number)
        } else {
            // Connections of before that are not quite gone do not keep the port.
            try InternetSocket.set(SO_REUSEADDR, of: SOL_SOCKET, to: 1, on: number)
        }
        try InternetSocket.bind(number, to: address)
        if !isDatagram { try InternetSocket.listen(number) }
        let own = try InternetSocket.localAddress(number)
        return Bound(socket: socket.release(), address: own, isDatagram: isDatagram)
    }
}

/// A port of the host that cannot be had.
package struct HostPortError: Error, CustomStringConvertible {
    package let address: SocketAddress
    package let isDatagram: Bool
    package let errno: Errno

    package var description: String {
        let place = "\(address)/\(isDatagram ? "udp" : "tcp")"
        switch errno.rawValue {
        case EADDRINUSE: return "Bind for \(address) failed: port is already allocated"
        case EACCES:
            return
                "cannot listen on \(place): ports below net.ipv4.ip_unprivileged_port_start are root's; take a higher one, or "
                + "have an administrator run 'sysctl net.ipv4.ip_unprivileged_port_start=\(address.port)'"
        case EADDRNOTAVAIL: return "cannot listen on \(place): this machine does not have the address"
        default: return "cannot listen on \(place): \(errno)"
        }
    }
}
