import CLinux
import Glibc

/// One end of a connected pair of SOCK_SEQPACKET sockets: messages arrive whole or not at all.
package struct PacketSocket: ~Copyable, Sendable {
    package let descriptor: FileDescriptor

    /// Takes over a descriptor of such a socket.
    package init(owning descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// Gives the descriptor's number away: the caller closes it.
    package consuming func release() -> CInt { descriptor.release() }

    /// What `receive` got.
    package struct Packet: ~Copyable {
        package let bytes: [UInt8]
        /// A descriptor that came with it, close-on-exec.
        package var attachment: FileDescriptor?
    }

    /// Sends one message. By write(2), the call that every system call filter allows.
    package func send(_ bytes: [UInt8]) throws(SystemError) {
        let number = descriptor.rawValue
        try check("write") { write(number, bytes, bytes.count) }
    }

    /// Sends one message and with it a second descriptor of `attachment`'s open file.
    package func send(_ bytes: [UInt8], attachment: borrowing FileDescriptor) throws(SystemError) {
        let number = descriptor.rawValue
        var other = attachment.rawValue
        try check("sendmsg") { apus_send_fds(number, bytes, bytes.count, &other, 1) }
    }

    /// Sends one message by the number of a socket, and with it a second descriptor of `attachment`'s open file where it is
    /// not negative.
    package static func send(_ bytes: [UInt8], attachment: CInt = -1, to socket: CInt) throws(SystemError) {
        var number = attachment
        try check("sendmsg") { apus_send_fds(socket, bytes, bytes.count, &number, attachment < 0 ? 0 : 1) }
    }

    /// The message that waits in the socket with this number, of at most 64 KB; nil where there is none, or the other side
    /// has closed its end.
    package static func receive(from socket: CInt) -> Packet? {
        var attachment: CInt = -1
        var count: CInt = 1
        let message = [UInt8].filled(room: 64 << 10) {
            apus_recv_fds(socket, $0.baseAddress, $0.count, &attachment, &count)
        }
        guard case .success(let bytes) = message else { return nil }
        let received = count > 0 ? FileDescriptor(owning: attachment) : nil
        if bytes.isEmpty { return nil }
        return Packet(bytes: bytes, attachment: received)
    }

    /// Sends one message and with it second descriptors of the open files `attachments`, 16 at most.
    package func send(_ bytes: [UInt8], attachments: [CInt]) throws(SystemError) {
        let number = descriptor.rawValue
        try check("sendmsg") { apus_send_fds(number, bytes, bytes.count, attachments, CInt(attachments.count)) }
    }

    /// Waits for one message of at most 64 KB; nil when the other side has closed its end.
    package func receive() throws(SystemError) -> Packet? {
        guard let (bytes, attachments) = try receive(room: 1) else { return nil }
        return Packet(bytes: bytes, attachment: attachments.first.map { FileDescriptor(owning: $0) })
    }

    /// As `receive`, with up to 16 descriptors, close-on-exec, which are the caller's to close.
    package func receiveWithDescriptors() throws(SystemError) -> (bytes: [UInt8], attachments: [CInt])? {
        try receive(room: 16)
    }

    private func receive(room: Int, afterReset: Bool = false) throws(SystemError) -> (
        bytes: [UInt8], attachments: [CInt]
    )? {
        let number = descriptor.rawValue
        var bytes: [UInt8] = []
        var attachments = [CInt](repeating: -1, count: room)
        var count: CInt = 0
        var failure: SystemError?
        withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 8) { buffer in
            do throws(SystemError) {
                let got = try check("recvmsg") {
                    count = CInt(room)
                    return apus_recv_fds(number, buffer.baseAddress, buffer.count, &attachments, &count)
                }
                bytes = Array(buffer[..<got])
            } catch { failure = error }
        }
        if let failure {
            // The other side died with messages of ours unread: the kernel says so once, before what it had sent is read.
            guard failure.errno == Errno(ECONNRESET), !afterReset else { throw failure }
            return try receive(room: room, afterReset: true)
        }
        attachments.removeLast(room - Int(count))
        if bytes.isEmpty {
            for attachment in attachments { close(attachment) }
            return nil
        }
        return (bytes, attachments)
    }
}
