import Glibc
package import Linux

/// A packet that waits for a verdict (<linux/netfilter/nfnetlink_queue.h>).
package struct QueuedPacket {
    package let number: UInt32
    /// From its network header on, as much of it as was asked for.
    package let payload: ArraySlice<UInt8>

    /// nil for a message that is none of a packet.
    package init?(_ message: NetlinkMessage) {
        // NFNL_SUBSYS_QUEUE, NFQNL_MSG_PACKET
        guard message.type == 3 << 8, message.payload.count >= 4 else { return nil }
        let attributes = message.attributes(behind: 4)
        guard let head = attributes[1], head.count >= 4, let payload = attributes[10] else { return nil }
        number = UInt32(bigEndian: head.number(at: 0, UInt32.self))
        self.payload = payload
    }
}

/// What becomes of a packet that waited.
package enum QueueVerdict: UInt32, Sendable {
    case drop = 0
    /// The chain begins with it anew, with its new mark (NF_REPEAT).
    case again = 4
}

extension NetlinkBatch {
    private static func head(_ queue: UInt16) -> [UInt8] {
        header {
            $0.put(UInt8(0))
            $0.put(UInt8(0))
            $0.put(queue.bigEndian)
        }
    }

    /// Makes the socket that sends this the queue's, with up to `count` bytes of each packet. Fails with EBUSY where another
    /// has it.
    package mutating func bindQueue(_ queue: UInt16, count: UInt32) {
        add(3 << 8 | 2, header: Self.head(queue), "take a queue of packets") {
            // NFQNL_CFG_CMD_BIND
            $0.put(1, [1, 0, 0, 0])
        }
        add(3 << 8 | 2, header: Self.head(queue), "set up a queue of packets") { attributes in
            // NFQNL_COPY_PACKET
            attributes.put(2, withUnsafeBytes(of: count.bigEndian) { Array($0) } + [2])
            // NFQA_CFG_QUEUE_MAXLEN: each connection that is on its way has a place.
            attributes.put(3, network: UInt32(8192))
        }
    }

    /// Lets go of a packet.
    package mutating func decide(_ verdict: QueueVerdict, mark: UInt32, of packet: UInt32, in queue: UInt16) {
        add(3 << 8 | 1, header: Self.head(queue), nil) { attributes in
            attributes.put(
                2,
                withUnsafeBytes(of: verdict.rawValue.bigEndian) { Array($0) }
                    + withUnsafeBytes(of: packet.bigEndian) { Array($0) })
            attributes.put(3, network: mark)
        }
    }
}

/// A queue's socket, which does not wait.
package enum PacketQueue {
    /// What waits in the queue of the socket `number`, 64 KB of it at most; none where nothing does. Throws ENOBUFS where the
    /// kernel had no room and dropped packets.
    package static func receive(_ number: CInt) throws(SystemError) -> [QueuedPacket] {
        var bytes: [UInt8] = []
        var failure: Errno?
        withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 16) { chunk in
            let count = recv(number, chunk.baseAddress, chunk.count, CInt(MSG_DONTWAIT))
            if count > 0 {
                bytes.append(contentsOf: chunk[..<count])
            } else if count < 0, Errno.current != .again, Errno.current != .interrupted {
                failure = .current
            }
        }
        if let failure { throw SystemError("recv", "packet queue", failure) }
        return NetlinkMessage.all(in: bytes[...]).compactMap(QueuedPacket.init)
    }

    /// Sends verdicts, for which nothing is answered. A packet whose verdict is lost waits until its queue goes.
    package static func send(_ batch: NetlinkBatch, to number: CInt) {
        _ = batch.bytes.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, 0) }
    }
}
