import CLinux
import Glibc

/// Sockets of packets that have a path (unix(7), SOCK_SEQPACKET).
package enum UnixSocket {
    /// A socket that listens at `path`, close-on-exec and non-blocking; a dead one that is there is replaced. Throws
    /// `SystemError`.
    package static func listen(at path: String, backlog: CInt = 128) throws(SystemError) -> FileDescriptor {
        let listener = try make(SOCK_NONBLOCK.rawValue)
        let number = listener.rawValue
        try withAddress(of: path) { (address, length) throws(SystemError) in
            do throws(SystemError) {
                try check("bind", path) { bind(number, address, length) }
            } catch  where error.errno == Errno(EADDRINUSE) {
                // A process that was killed leaves its socket's name behind.
                unlink(path)
                try check("bind", path) { bind(number, address, length) }
            }
        }
        try check("listen", path) { Glibc.listen(number, backlog) }
        return listener
    }

    /// A connection to the socket that listens at `path`, close-on-exec. Throws `SystemError`: ENOENT or ECONNREFUSED
    /// where nobody listens, EAGAIN where the listener does not keep up.
    package static func connect(to path: String) throws(SystemError) -> FileDescriptor {
        let connection = try make(SOCK_NONBLOCK.rawValue)
        let number = connection.rawValue
        try withAddress(of: path) { (address, length) throws(SystemError) in
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

    private static func make(_ flags: UInt32) throws(SystemError) -> FileDescriptor {
        let type = CInt(SOCK_SEQPACKET.rawValue | flags | SOCK_CLOEXEC.rawValue)
        return FileDescriptor(owning: try check("socket") { socket(AF_UNIX, type, 0) })
    }

    // sun_path has 108 bytes. A longer path is reached through a descriptor of its folder.
    private static func withAddress(
        of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void
    ) throws(SystemError) {
        let capacity = 107
        if path.utf8.count <= capacity { return try withShortAddress(of: path, body) }
        let (parent, name) = Files.split(path)
        let folder = try FileDescriptor.open(parent, FileDescriptor.pathOnly | O_DIRECTORY)
        let short = "/proc/self/fd/\(folder.rawValue)/\(name)"
        guard short.utf8.count <= capacity else { throw SystemError("bind", path, .nameTooLong) }
        try withShortAddress(of: short, body)
    }

    private static func withShortAddress(
        of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void
    ) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        var failure: SystemError?
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                do throws(SystemError) {
                    try body(generic, socklen_t(MemoryLayout<sockaddr_un>.size))
                } catch { failure = error }
            }
        }
        if let failure { throw failure }
    }
}
