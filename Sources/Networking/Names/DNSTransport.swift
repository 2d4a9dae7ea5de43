import Glibc
import Linux

/// One datagram of a socket.
enum DNSDatagram {
    case datagram([UInt8], sender: SocketAddress)
    case nothing
    case failure(SystemError)

    /// What waits in `socket`, up to 64 KB.
    static func receive(from socket: CInt) -> DNSDatagram {
        withUnsafeTemporaryAllocation(byteCount: DNSMessage.limit, alignment: 1) { buffer in
            do throws(SystemError) {
                guard let (count, sender) = try InternetSocket.receive(socket, into: buffer) else { return .nothing }
                return .datagram(Array(buffer[..<count]), sender: sender)
            } catch { return .failure(error) }
        }
    }
}

/// What has come of a stream of messages, each behind its length in two bytes (RFC 1035, 4.2.2).
struct DNSStreamBuffer {
    private var bytes: [UInt8] = []
    private var place = 0

    /// The length in front of a message.
    static func prefix(_ count: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
    }

    /// Takes what waits in `socket`, 64 KB at most; false where the stream has ended or failed.
    mutating func fill(from socket: CInt) -> Bool {
        let (count, errno, got) = withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 1) { buffer in
            let count = recv(socket, buffer.baseAddress, buffer.count, 0)
            return (count, Errno.current, count > 0 ? Array(buffer[..<count]) : [])
        }
        bytes += got
        return count > 0 || count < 0 && (errno == .again || errno == .interrupted)
    }

    /// The next whole message; nil where there is none yet.
    mutating func next() -> [UInt8]? {
        guard bytes.count - place >= 2 else {
            compact()
            return nil
        }
        let count = Int(bytes[place]) << 8 | Int(bytes[place + 1])
        guard bytes.count - place - 2 >= count else {
            compact()
            return nil
        }
        defer { place += 2 + count }
        return Array(bytes[(place + 2)..<(place + 2 + count)])
    }

    // An idle stream keeps nothing.
    private mutating func compact() {
        guard place > 0 else { return }
        bytes = place == bytes.count ? [] : Array(bytes[place...])
        place = 0
    }
}
