import Glibc
package import Linux
import Runtime

/// A message between a supervisor and an attached client: one packet of a SOCK_SEQPACKET socket, its first byte the
/// kind, the rest the payload. Numbers are little-endian.
package enum AttachFrame: Equatable {
    // From the client.
    /// Bytes for the container's standard input.
    case input([UInt8])
    /// The client's standard input has ended.
    case inputEnd
    case resize(WindowSize)
    /// A signal for the container's init.
    case signal(CInt)
    /// The client leaves on purpose: the container's input stays open.
    case detach

    // From the supervisor.
    /// The container's process runs.
    case started
    case output([UInt8])
    case errorOutput([UInt8])
    /// One frame of input has reached the container: another may follow.
    case inputTaken
    /// The request is fulfilled.
    case done
    /// The container has ended; the code is a shell's.
    case exited(code: CInt)
    /// The container could not be started.
    case failed(code: CInt, message: String)

    /// The most bytes of one payload; more would not fit a unix socket's default buffer several times.
    static let maximumPayload = ProcessStreams.largestChunk

    /// How many frames of input a client sends before the first is taken, so that a container that does not read
    /// never holds up signals behind its input.
    static let inputWindow = 4

    private enum Kind: UInt8 {
        case input = 2
        case inputEnd, resize, signal, detach
        case started = 16
        case output, errorOutput, inputTaken, exited, failed, done
    }

    /// The first bytes of packets, for who has no memory to read them by this type.
    static var plainKinds: PlainSession.Kinds {
        PlainSession.Kinds(
            input: Kind.input.rawValue, inputEnd: Kind.inputEnd.rawValue, signal: Kind.signal.rawValue,
            started: Kind.started.rawValue, output: Kind.output.rawValue, errorOutput: Kind.errorOutput.rawValue,
            inputTaken: Kind.inputTaken.rawValue, exited: Kind.exited.rawValue, failed: Kind.failed.rawValue)
    }

    /// What a process has written.
    init(_ chunk: ProcessStreams.Chunk) {
        self = chunk.source == .errorOutput ? .errorOutput(chunk.data) : .output(chunk.data)
    }

    /// The packet.
    var bytes: [UInt8] {
        func packet(_ kind: Kind, _ payload: [UInt8] = []) -> [UInt8] { [kind.rawValue] + payload }
        func word(_ number: CInt) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
        switch self {
        case .input(let data): return packet(.input, data)
        case .inputEnd: return packet(.inputEnd)
        case .resize(let size): return packet(.resize, word(CInt(size.rows) << 16 | CInt(size.columns)))
        case .signal(let number): return packet(.signal, word(number))
        case .detach: return packet(.detach)
        case .started: return packet(.started)
        case .done: return packet(.done)
        case .output(let data): return packet(.output, data)
        case .errorOutput(let data): return packet(.errorOutput, data)
        case .inputTaken: return packet(.inputTaken)
        case .exited(let code): return packet(.exited, word(code))
        case .failed(let code, let message): return packet(.failed, word(code) + Array(message.utf8))
        }
    }

    /// nil for a packet that no version of ours sends.
    init?(bytes: ArraySlice<UInt8>) {
        guard let first = bytes.first, let kind = Kind(rawValue: first) else { return nil }
        let payload = bytes.dropFirst()
        func word() -> CInt? {
            guard payload.count >= 4 else { return nil }
            var number: UInt32 = 0
            for (place, byte) in payload.prefix(4).enumerated() { number |= UInt32(byte) << (place * 8) }
            return CInt(bitPattern: number)
        }
        switch kind {
        case .input: self = .input(Array(payload))
        case .inputEnd: self = .inputEnd
        case .resize:
            guard let number = word() else { return nil }
            let bits = UInt32(bitPattern: number)
            self = .resize(WindowSize(rows: UInt16(bits >> 16), columns: UInt16(truncatingIfNeeded: bits)))
        case .signal:
            guard let number = word(), (1...64).contains(number) else { return nil }
            self = .signal(number)
        case .detach: self = .detach
        case .started: self = .started
        case .done: self = .done
        case .output: self = .output(Array(payload))
        case .errorOutput: self = .errorOutput(Array(payload))
        case .inputTaken: self = .inputTaken
        case .exited:
            guard let code = word() else { return nil }
            self = .exited(code: code)
        case .failed:
            guard let code = word() else { return nil }
            self = .failed(code: code, message: String(decoding: payload.dropFirst(4), as: UTF8.self))
        }
    }
}

/// One end of an attach socket.
struct AttachChannel: ~Copyable {
    let socket: FileDescriptor

    enum Sent { case sent, full, gone }

    /// Sends one frame; `full` when the other side does not keep up and `waiting` is false.
    func send(_ frame: AttachFrame, waiting: Bool) -> Sent {
        Self.send(frame.bytes, to: socket.rawValue, waiting: waiting)
    }

    static func send(_ packet: [UInt8], to socket: CInt, waiting: Bool) -> Sent {
        while true {
            let flags = CInt(MSG_NOSIGNAL) | (waiting ? 0 : CInt(MSG_DONTWAIT))
            let sent = packet.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, flags) }
            if sent >= 0 { return .sent }
            switch Errno.current {
            case .interrupted: continue
            case .again: return .full
            default: return .gone
            }
        }
    }

    /// The next frame; nil at the end of the connection.
    func receive() -> AttachFrame? { Self.receive(from: socket.rawValue) }

    enum Received {
        case frame(AttachFrame)
        /// A packet that is no frame, or none.
        case nothing
        case end
    }

    /// One packet that is there already: for who serves others, too, and waits for none of them.
    static func receiveNow(from socket: CInt) -> Received {
        switch packet(from: socket, CInt(MSG_DONTWAIT)) {
        case .success(let bytes):
            if bytes.isEmpty { return .end }
            return AttachFrame(bytes: bytes[...]).map { .frame($0) } ?? .nothing
        case .failure(let errno): return errno == .again ? .nothing : .end
        }
    }

    /// The next frame; nil at the end of the connection. A packet that is no frame is passed over.
    static func receive(from socket: CInt) -> AttachFrame? {
        while case .success(let bytes) = packet(from: socket, 0), !bytes.isEmpty {
            if let frame = AttachFrame(bytes: bytes[...]) { return frame }
        }
        return nil
    }

    // One packet; empty at the end of the connection.
    private static func packet(from socket: CInt, _ flags: CInt) -> Result<[UInt8], Errno> {
        while true {
            let packet = [UInt8].filled(room: AttachFrame.maximumPayload + 16) {
                recv(socket, $0.baseAddress, $0.count, flags)
            }
            // A peer that ended with a packet of ours unread is reported first, and once; what it sent comes after.
            if case .failure(let errno) = packet, errno == .interrupted || errno == Errno(ECONNRESET) { continue }
            return packet
        }
    }
}
