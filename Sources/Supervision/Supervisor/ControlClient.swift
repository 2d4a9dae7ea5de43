import Glibc
import Linux
import Runtime

/// One connection to a supervisor: the session of a command line, or a request that is not answered yet.
final class ControlClient {
    enum Role: Hashable {
        /// Its first packet has not come yet.
        case new
        case attached(AttachedStreams)
        /// Is told of the container's end.
        case waiting
        /// Is told that the container runs again.
        case restarting
        /// Has the container paused.
        case holding
        /// Has its last answer on the way.
        case leaving
    }

    let socket: FileDescriptor
    var role: Role
    /// Packets that the client had no room for.
    private var outbox: [[UInt8]] = []
    private(set) var isGone = false

    init(_ socket: consuming FileDescriptor, _ role: Role) {
        self.socket = socket
        self.role = role
    }

    var number: CInt { socket.rawValue }
    var isBehind: Bool { !outbox.isEmpty && !isGone }

    /// Sends a frame, at once where there is room for it.
    func post(_ frame: AttachFrame) { post(frame.bytes) }

    /// Sends a packet, at once where there is room for it.
    func post(_ packet: [UInt8]) {
        guard !isGone else { return }
        outbox.append(packet)
        flush()
    }

    /// Sends a frame that ends the conversation.
    func post(last frame: AttachFrame) {
        role = .leaving
        post(frame)
    }

    /// Sends what there is room for.
    func flush() {
        while let packet = outbox.first {
            switch AttachChannel.send(packet, to: number, waiting: false) {
            case .sent: outbox.removeFirst()
            case .full: return
            case .gone: return leave()
            }
        }
    }

    /// Forgets the client: its connection has ended.
    func leave() {
        isGone = true
        outbox.removeAll()
    }

    func wants(_ source: ProcessStreams.Source) -> Bool {
        guard case .attached(let streams) = role else { return false }
        return source == .errorOutput ? streams.errorOutput : streams.output
    }

    var hasInput: Bool {
        if case .attached(let streams) = role { streams.input } else { false }
    }
}
