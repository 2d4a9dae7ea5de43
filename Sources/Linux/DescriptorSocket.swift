import CLinux
import Glibc

/// Unix sockets on which somebody waits for a descriptor (unix(7), SCM_RIGHTS).
package enum DescriptorSocket {
    /// Connects to the stream socket at `path` and sends `descriptor` with `message`, which must not be empty. Throws
    /// `SystemError`: ENAMETOOLONG for a path that no address holds.
    package static func send(
        _ descriptor: borrowing FileDescriptor, with message: [UInt8], to path: String
    ) throws(SystemError) {
        let socket = try connect(path)
        var number = descriptor.rawValue
        var rest = message[...]
        // The descriptor goes with the first bytes; what a full buffer leaves follows alone.
        let sent = try check("sendmsg", path) {
            rest.withUnsafeBytes { apus_send_fds(socket.rawValue, $0.baseAddress, $0.count, &number, 1) }
        }
        rest = rest.dropFirst(sent)
        if !rest.isEmpty { try socket.writeAll(rest) }
    }

    private static func connect(_ path: String) throws(SystemError) -> FileDescriptor {
        let socket = FileDescriptor(
            owning: try check("socket") {
                Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            })
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError("connect", path, .nameTooLong)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let number = socket.rawValue
        try check("connect", path) {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        return socket
    }
}
