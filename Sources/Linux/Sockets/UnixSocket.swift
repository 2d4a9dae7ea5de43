import CLinux
import Glibc

/// Sockets that have a name (unix(7)).
package enum UnixSocket {
    /// What travels through a socket.
    package enum Kind: Sendable {
        /// Bytes (SOCK_STREAM).
        case stream
        /// Messages, each on its own way (SOCK_DGRAM).
        case datagrams
        /// Messages, in a connection (SOCK_SEQPACKET).
        case packets

        fileprivate var type: UInt32 {
            switch self {
            case .stream: SOCK_STREAM.rawValue
            case .datagrams: SOCK_DGRAM.rawValue
            case .packets: SOCK_SEQPACKET.rawValue
            }
        }
    }

    /// A socket for packets that listens at `path`, close-on-exec and non-blocking; a dead one that is there is replaced.
    /// Throws `SystemError`.
    package static func listen(at path: String, backlog: CInt = 128) throws(SystemError) -> FileDescriptor {
        let listener = try bind(.packets, at: path)
        let number = listener.rawValue
        try check("listen", path) { Glibc.listen(number, backlog) }
        return listener
    }

    /// A socket with the name `path`, close-on-exec and non-blocking; a dead one that is there is replaced. Throws
    /// `SystemError`.
    package static func bind(_ kind: Kind, at path: String) throws(SystemError) -> FileDescriptor {
        let socket = try make(kind, SOCK_NONBLOCK.rawValue)
        let number = socket.rawValue
        try UnixAddress.with(path) { (address, length) throws(SystemError) in
            do throws(SystemError) {
                try check("bind", path) { Glibc.bind(number, address, length) }
            } catch  where error.errno == Errno(EADDRINUSE) {
                // A process that was killed leaves its socket's name behind.
                unlink(path)
                try check("bind", path) { Glibc.bind(number, address, length) }
            }
        }
        return socket
    }

    /// A stream socket without a name, close-on-exec and non-blocking: another process may give it one (`name`), and this one accept
    /// with it. Throws `SystemError`.
    package static func nameless() throws(SystemError) -> FileDescriptor { try make(.stream, SOCK_NONBLOCK.rawValue) }

    /// Gives the socket `number` the name `path`, which nothing has, and lets it listen. Throws `SystemError`.
    package static func name(_ number: CInt, _ path: String) throws(SystemError) {
        try UnixAddress.with(path) { (address, length) throws(SystemError) in
            try check("bind", path) { Glibc.bind(number, address, length) }
        }
        try check("listen", path) { Glibc.listen(number, 128) }
    }

    /// A connection to the socket at `path`, or, with an @ in front, to one of the abstract namespace; close-on-exec.
    /// Throws `SystemError`: ENOENT or ECONNREFUSED where nobody listens, EAGAIN where the listener does not keep up.
    package static func connect(_ kind: Kind, to path: String) throws(SystemError) -> FileDescriptor {
        // One that is full must not hold the caller up.
        let connection = try make(kind, SOCK_NONBLOCK.rawValue)
        let number = connection.rawValue
        try UnixAddress.with(path) { (address, length) throws(SystemError) in
            try check("connect", path) { Glibc.connect(number, address, length) }
        }
        let flags = apus_fcntl_get(number, F_GETFL)
        try check("fcntl") { apus_fcntl_set(number, F_SETFL, flags & ~O_NONBLOCK) }
        return connection
    }

    /// The next waiting connection to `listener`, close-on-exec, and its user as the caller's user namespace numbers
    /// them; nil where none waits.
    package static func accept(_ listener: CInt) -> (connection: CInt, user: UInt32)? {
        while true {
            let number = Glibc.accept(listener, nil, nil)
            if number < 0 {
                if Errno.current == .interrupted || Errno.current == Errno(ECONNABORTED) { continue }
                return nil
            }
            _ = apus_fcntl_set(number, F_SETFD, FD_CLOEXEC)
            // struct ucred: pid, uid, gid.
            var credentials: (UInt32, UInt32, UInt32) = (0, .max, .max)
            var size = socklen_t(MemoryLayout.size(ofValue: credentials))
            guard getsockopt(number, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else {
                close(number)
                continue
            }
            return (number, credentials.1)
        }
    }

    private static func make(_ kind: Kind, _ flags: UInt32) throws(SystemError) -> FileDescriptor {
        let type = CInt(kind.type | flags | SOCK_CLOEXEC.rawValue)
        return FileDescriptor(owning: try check("socket") { socket(AF_UNIX, type, 0) })
    }
}
