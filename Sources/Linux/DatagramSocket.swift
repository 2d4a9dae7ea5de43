import Glibc

/// A unix socket of datagrams that is connected to a name (unix(7)).
package struct DatagramSocket: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    /// Connects to the socket at `path`, or, with an @ in front, to one of the abstract namespace. Throws `SystemError`: ENOENT or ECONNREFUSED where nobody listens.
    package init(connectedTo path: String) throws(SystemError) {
        let type = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let opened = FileDescriptor(owning: try check("socket") { socket(AF_UNIX, type, 0) })
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        if isAbstract { bytes[0] = 0 }
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError("connect", path, .nameTooLong)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // An abstract name is all of the address.
        let size = MemoryLayout<sockaddr_un>.size
        let length = isAbstract ? MemoryLayout<sa_family_t>.size + bytes.count : size
        try check("connect", path) {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(opened.rawValue, $0, socklen_t(length))
                }
            }
        }
        // As much as the kernel gives: a message must fit whole.
        var room: CInt = 8 << 20
        setsockopt(opened.rawValue, SOL_SOCKET, SO_SNDBUF, &room, socklen_t(MemoryLayout<CInt>.size))
        descriptor = consume opened
    }

    /// Sends one datagram, waiting at most `milliseconds` for room. Throws EAGAIN when there was none.
    package func send(_ message: [UInt8], milliseconds: CInt) throws(SystemError) {
        var hasWaited = false
        while true {
            let sent = message.withUnsafeBytes {
                Glibc.send(descriptor.rawValue, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
            }
            if sent >= 0 { return }
            let errno = Errno.current
            if errno == .interrupted { continue }
            guard errno == .again, !hasWaited, milliseconds > 0 else { throw SystemError("send", nil, errno) }
            hasWaited = true
            var poll = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
            _ = Glibc.poll(&poll, 1, milliseconds)
        }
    }
}
