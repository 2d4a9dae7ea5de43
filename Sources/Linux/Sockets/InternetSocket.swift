import Addresses
import CLinux
package import Glibc

/// Sockets of the internet protocols (ip(7), ipv6(7), tcp(7), udp(7)), by the numbers of descriptors that others own: who
/// has ten thousand of them keeps them in tables.
package enum InternetSocket {
    /// A socket of `type` (SOCK_STREAM, SOCK_DGRAM, SOCK_RAW), close-on-exec and non-blocking, in the caller's network
    /// namespace. `NamespaceSockets` makes them in others.
    package static func make(
        _ type: __socket_type, v4: Bool, protocol number: CInt = 0
    ) throws(SystemError) -> FileDescriptor {
        let flags = CInt(type.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        return FileDescriptor(owning: try check("socket") { socket(v4 ? AF_INET : AF_INET6, flags, number) })
    }

    /// setsockopt(2) with a number.
    package static func set(_ option: CInt, of level: CInt, to value: CInt, on socket: CInt) throws(SystemError) {
        var value = value
        try check("setsockopt") { setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<CInt>.size)) }
    }

    /// bind(2). Throws `SystemError` with the address as its object: EADDRINUSE, EACCES, EADDRNOTAVAIL.
    package static func bind(_ socket: CInt, to address: SocketAddress) throws(SystemError) {
        try check("bind", address.description) { address.with { Glibc.bind(socket, $0, $1) } }
    }

    /// listen(2), with as long a queue as the kernel gives.
    package static func listen(_ socket: CInt) throws(SystemError) {
        try check("listen") { Glibc.listen(socket, 4096) }
    }

    /// connect(2) that does not wait: false where the connection is on its way (SO_ERROR tells its end).
    package static func connect(_ socket: CInt, to address: SocketAddress) throws(SystemError) -> Bool {
        if address.with({ Glibc.connect(socket, $0, $1) }) == 0 { return true }
        let errno = Errno.current
        // The kernel goes on with a connection whose call a signal has ended (connect(2)).
        if errno == Errno(EINPROGRESS) || errno == .interrupted { return false }
        throw SystemError("connect", address.description, errno)
    }

    /// accept4(2) of a connection, close-on-exec and non-blocking, which the caller closes; nil where none waits. Throws EMFILE
    /// and the like.
    package static func accept(_ socket: CInt) throws(SystemError) -> (descriptor: CInt, peer: SocketAddress)? {
        while true {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let number = withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    apus_accept_address(socket, $0, &length)
                }
            }
            if number >= 0 {
                if let peer = SocketAddress(storage) { return (number, peer) }
                close(number)
                continue
            }
            let errno = Errno.current
            switch errno.rawValue {
            case EAGAIN: return nil
            // A connection that ended while it waited is none; the next may be (accept(2), "Error handling").
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, EOPNOTSUPP,
                EPERM:
                continue
            default: throw SystemError("accept4", nil, errno)
            }
        }
    }

    /// The error that a socket has waiting (SO_ERROR); nil where there is none.
    package static func pendingError(_ socket: CInt) -> Errno? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        guard getsockopt(socket, SOL_SOCKET, SO_ERROR, &value, &length) == 0 else { return .current }
        return value == 0 ? nil : Errno(value)
    }

    /// getsockname(2).
    package static func localAddress(_ socket: CInt) throws(SystemError) -> SocketAddress {
        try address(of: socket, "getsockname", getsockname)
    }

    /// getpeername(2).
    package static func peerAddress(_ socket: CInt) throws(SystemError) -> SocketAddress {
        try address(of: socket, "getpeername", getpeername)
    }

    private static func address(
        of socket: CInt, _ name: String,
        _ call: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) throws(SystemError) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        try check(name) {
            withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(socket, $0, &length) }
            }
        }
        guard let address = SocketAddress(storage) else { throw SystemError(name, nil, Errno(EAFNOSUPPORT)) }
        return address
    }

    /// recvfrom(2) of one datagram; nil where none waits. Throws what the network reported (ECONNREFUSED …).
    package static func receive(
        _ socket: CInt, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> (count: Int, sender: SocketAddress)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let count = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(socket, buffer.baseAddress, buffer.count, 0, $0, &length)
            }
        }
        guard count >= 0 else {
            let errno = Errno.current
            if errno == .again || errno == .interrupted { return nil }
            throw SystemError("recvfrom", nil, errno)
        }
        guard let sender = SocketAddress(storage) else { return nil }
        return (count, sender)
    }

    /// sendto(2) of one datagram; to whom the socket is connected where `receiver` is nil. Throws EAGAIN where there is no
    /// room.
    package static func send(
        _ socket: CInt, _ datagram: UnsafeRawBufferPointer, to receiver: SocketAddress?
    ) throws(SystemError) {
        try check("sendto", receiver?.description) {
            guard let receiver else {
                return Glibc.send(socket, datagram.baseAddress, datagram.count, CInt(MSG_NOSIGNAL))
            }
            return receiver.with {
                sendto(socket, datagram.baseAddress, datagram.count, CInt(MSG_NOSIGNAL), $0, $1)
            }
        }
    }

    /// recvmsg(2) of one datagram, with the destination that its sender gave it, where the socket is told that
    /// (IP_RECVORIGDSTADDR, or IP_PKTINFO without a port); nil where none waits. Throws what the network reported.
    package static func receiveWithDestination(
        _ socket: CInt, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> (count: Int, sender: SocketAddress, destination: SocketAddress?)? {
        var sender = sockaddr_storage()
        var destination = sockaddr_storage()
        let count = apus_recv_ends(socket, buffer.baseAddress, buffer.count, &sender, &destination)
        guard count >= 0 else {
            let errno = Errno.current
            if errno == .again || errno == .interrupted { return nil }
            throw SystemError("recvmsg", nil, errno)
        }
        guard let from = SocketAddress(sender) else { return nil }
        return (count, from, SocketAddress(destination))
    }

    /// sendmsg(2) of one datagram from `source`, an address of the socket's machine whose port is the socket's.
    package static func send(
        _ socket: CInt, _ datagram: UnsafeRawBufferPointer, to receiver: SocketAddress, from source: SocketAddress
    ) throws(SystemError) {
        try check("sendmsg", receiver.description) {
            receiver.with { (address, length) in
                source.with { (own, _) in
                    apus_send_ends(socket, datagram.baseAddress, datagram.count, address, length, own)
                }
            }
        }
    }
}
