import Archive
import Errors
import Glibc
import Linux

/// What the two processes of a copy say to each other, through the socket with this number, which somebody else owns.
struct CopyPackets {
    let number: CInt

    /// The most bytes of a packet.
    static let limit = 65_000

    /// What came in one packet: replies, and the open file that belongs to the last one.
    struct Message: ~Copyable {
        let replies: [CopyReply]
        var file: FileDescriptor?
    }

    /// Sends `value`, and with it a second descriptor of the open file `file` where that is not negative. Throws
    /// `EngineError`: `unavailable` where the other side has closed its end.
    func send(_ value: some WireCodable, file: CInt = -1) throws(EngineError) {
        var encoder = WireEncoder()
        encoder.write(value)
        try send(bytes: encoder.bytes, file: file)
    }

    /// Sends a packet of values that are written already. Throws as `send`.
    func send(bytes: [UInt8], file: CInt = -1) throws(EngineError) {
        guard bytes.count <= Self.limit else {
            throw EngineError("a file's name and extended attributes are too large to be copied", .invalid)
        }
        while true {
            do throws(SystemError) {
                return try PacketSocket.send(bytes, attachment: file, to: number)
            } catch {
                // As many descriptors of this user are under way as it may have open: the other side takes them.
                if error.errno == Errno(ETOOMANYREFS) {
                    usleep(500)
                    continue
                }
                throw EngineError("the process that copies ended: \(error)", .unavailable)
            }
        }
    }

    /// Waits for the next packet; nil where the other side has closed its end.
    func receive() throws(EngineError) -> PacketSocket.Packet? {
        let socket = PacketSocket(owning: FileDescriptor(owning: number))
        do throws(SystemError) {
            let packet = try socket.receive()
            _ = socket.release()
            return packet
        } catch {
            _ = socket.release()
            throw EngineError("cannot hear the process that copies: \(error)")
        }
    }

    /// Waits for the next reply; nil as `receive`.
    func reply() throws(EngineError) -> Message? {
        guard var packet = try receive() else { return nil }
        return Message(replies: try Self.decode(packet.bytes), file: packet.attachment.take())
    }

    /// The replies in a packet, of which there is one at least. Throws `EngineError`.
    private static func decode(_ bytes: [UInt8]) throws(EngineError) -> [CopyReply] {
        var decoder = WireDecoder(bytes)
        var replies: [CopyReply] = []
        do throws(WireError) {
            repeat { replies.append(try decoder.read()) } while decoder.remaining > 0
            return replies
        } catch {
            throw EngineError("a message of the process that copies cannot be read: \(error)")
        }
    }

    /// The error with which the other side has ended; nil where it had none.
    func lastWord() throws(EngineError) -> EngineError? {
        // The first answer may be no more than that it ended with something unread.
        var silences = 0
        while silences < 2 {
            guard let message = try reply() else {
                silences += 1
                continue
            }
            if case .failed(let error) = message.replies.last { return error }
        }
        return nil
    }
}
