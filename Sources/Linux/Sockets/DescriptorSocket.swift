import CLinux

/// Unix sockets on which somebody waits for a descriptor (unix(7), SCM_RIGHTS).
package enum DescriptorSocket {
    /// Connects to the stream socket at `path` and sends `descriptor` with `message`, which must not be empty. Throws
    /// `SystemError`.
    package static func send(
        _ descriptor: borrowing FileDescriptor, with message: [UInt8], to path: String
    ) throws(SystemError) {
        let socket = try UnixSocket.connect(.stream, to: path)
        var number = descriptor.rawValue
        var rest = message[...]
        // The descriptor goes with the first bytes; what a full buffer leaves follows alone.
        let sent = try check("sendmsg", path) {
            rest.withUnsafeBytes { apus_send_fds(socket.rawValue, $0.baseAddress, $0.count, &number, 1) }
        }
        rest = rest.dropFirst(sent)
        if !rest.isEmpty { try socket.writeAll(rest) }
    }
}
