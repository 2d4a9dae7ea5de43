import Glibc
package import Linux

/// A request that the kernel refused, or a netlink socket that failed.
package struct NetlinkError: Error, CustomStringConvertible {
    /// What the request was about, in words.
    package let subject: String
    package let errno: Errno
    /// The kernel's own sentence (NLMSGERR_ATTR_MSG); nil where it had none.
    package let message: String?

    package init(_ subject: String, _ errno: Errno, _ message: String? = nil) {
        self.subject = subject
        self.errno = errno
        self.message = message
    }

    package var description: String {
        "cannot \(subject): \(errno)" + (message.map { " (\($0))" } ?? "")
    }
}

/// A netlink socket (netlink(7)), in whatever network namespace it was made.
package struct NetlinkSocket: ~Copyable {
    package let descriptor: FileDescriptor
    private let isBlocking: Bool

    /// Which part of the kernel a socket talks to.
    package enum Family: CInt, Sendable {
        case route = 0
        case netfilter = 12

        /// For `NamespaceSockets`.
        package var kind: NamespaceSockets.Kind {
            .init(domain: AF_NETLINK, type: CInt(SOCK_RAW.rawValue), protocol: rawValue)
        }
    }

    /// Takes over a socket that was made with `Family.kind`.
    package init(owning descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
        isBlocking = false
        // NETLINK_CAP_ACK and NETLINK_EXT_ACK of SOL_NETLINK (Linux 4.3, 4.12): an error without a copy of the request, and with
        // a sentence. An older kernel has neither, and is read all the same.
        try? InternetSocket.set(10, of: 270, to: 1, on: self.descriptor.rawValue)
        try? InternetSocket.set(11, of: 270, to: 1, on: self.descriptor.rawValue)
    }

    /// Sends the batch and waits for what it is answered. Throws the first error, when all answers are there; `ignoring` are
    /// errors that are none. An empty batch is not sent: the kernel answers it with ENODATA (Linux 5.17).
    package func run(_ batch: NetlinkBatch, ignoring: [Errno] = []) throws(NetlinkError) {
        if batch.bytes.isEmpty { return }
        try send(batch)
        var waiting = batch.subjects
        var failure: NetlinkError?
        while !waiting.isEmpty {
            for message in try receive() {
                guard let (errno, text) = message.error else { continue }
                let subject = waiting.removeValue(forKey: message.sequence)
                if let errno, failure == nil, !ignoring.contains(errno) {
                    failure = NetlinkError(subject ?? "send a batch", errno, text)
                    // The whole of a transaction of nf_tables may be answered by one.
                    if subject == nil { waiting.removeAll() }
                }
            }
        }
        if let failure { throw failure }
    }

    /// Sends a request for a list, and returns the messages of its answer.
    package func list(_ batch: NetlinkBatch) throws(NetlinkError) -> [NetlinkMessage] {
        try send(batch)
        var messages: [NetlinkMessage] = []
        while true {
            for message in try receive() {
                if let (errno, text) = message.error {
                    if let errno { throw NetlinkError("list", errno, text) }
                    return messages
                }
                // NLMSG_DONE
                if message.type == 3 { return messages }
                messages.append(message)
            }
        }
    }

    private func send(_ batch: NetlinkBatch) throws(NetlinkError) {
        let sent = batch.bytes.withUnsafeBytes { Glibc.send(descriptor.rawValue, $0.baseAddress, $0.count, 0) }
        if sent < 0 { throw NetlinkError("send to netlink", .current) }
    }

    private func receive() throws(NetlinkError) -> [NetlinkMessage] {
        var bytes: [UInt8] = []
        var failure: Errno?
        while bytes.isEmpty, failure == nil {
            var poll = PollSet()
            poll.add(descriptor.rawValue)
            // A kernel answers at once; one that does not must not hold a start for ever.
            do throws(SystemError) {
                guard try poll.wait(milliseconds: 10_000) else { throw SystemError("recv", nil, Errno(ETIMEDOUT)) }
            } catch { throw NetlinkError("receive from netlink", error.errno) }
            withUnsafeTemporaryAllocation(byteCount: 32768, alignment: 16) { chunk in
                let count = recv(descriptor.rawValue, chunk.baseAddress, chunk.count, 0)
                if count > 0 {
                    bytes.append(contentsOf: chunk[..<count])
                } else if count < 0, Errno.current != .again, Errno.current != .interrupted {
                    failure = .current
                }
            }
        }
        if let failure { throw NetlinkError("receive from netlink", failure) }
        return NetlinkMessage.all(in: bytes[...])
    }
}

/// A message of the kernel's.
package struct NetlinkMessage {
    package let type: UInt16
    package let flags: UInt16
    package let sequence: UInt32
    /// What follows the header.
    package let payload: ArraySlice<UInt8>

    /// The messages in what was received; what does not fit its own length is left out.
    package static func all(in bytes: ArraySlice<UInt8>) -> [NetlinkMessage] {
        var rest = bytes
        var messages: [NetlinkMessage] = []
        while rest.count >= 16 {
            let length = Int(rest.number(at: 0, UInt32.self))
            guard length >= 16, length <= rest.count else { break }
            messages.append(
                NetlinkMessage(
                    type: rest.number(at: 4, UInt16.self), flags: rest.number(at: 6, UInt16.self),
                    sequence: rest.number(at: 8, UInt32.self), payload: rest.dropFirst(16).prefix(length - 16)))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return messages
    }

    /// The attributes behind a family's header of `size` bytes.
    package func attributes(behind size: Int) -> Attributes { Attributes(payload.dropFirst((size + 3) & ~3)) }

    /// Of a message of type NLMSG_ERROR: the error, nil for an acknowledgement, and the kernel's sentence. nil for others.
    package var error: (errno: Errno?, message: String?)? {
        guard type == 2, payload.count >= 4 else { return nil }
        let number = payload.number(at: 0, Int32.self)
        guard number != 0 else { return (nil, nil) }
        var text: String?
        // NLM_F_ACK_TLVS; the request's own payload is there unless it was cut off (NLM_F_CAPPED).
        if flags & 0x200 != 0, payload.count >= 20 {
            let request = flags & 0x100 != 0 ? 16 : Int(payload.number(at: 4, UInt32.self))
            if request >= 16, 4 + request <= payload.count {
                text = Attributes(payload.dropFirst(4 + (request + 3) & ~3)).text(1)
            }
        }
        return (Errno(number == .min ? EIO : -number), text)
    }
}
