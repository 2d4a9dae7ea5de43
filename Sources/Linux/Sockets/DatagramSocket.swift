import Glibc

/// A unix socket of datagrams that is connected to a name (unix(7)).
package struct DatagramSocket: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    /// Connects to the socket at `path`, or, with an @ in front, to one of the abstract namespace. Throws `SystemError`:
    /// ENOENT or ECONNREFUSED where nobody listens.
    package init(connectedTo path: String) throws(SystemError) {
        let opened = try UnixSocket.connect(.datagrams, to: path)
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
