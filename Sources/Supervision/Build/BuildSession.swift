import Glibc
package import Linux

/// The build's end of a container that it runs: hears what that writes, and how it ends.
///
/// The container lives as long as the session does: when this value goes, or its process, the supervisor kills it.
package struct BuildSession: ~Copyable {
    /// How it ended.
    package enum Outcome: Equatable, Sendable {
        /// With the code of a shell.
        case exited(code: CInt)
        /// It could not be started, or there is more to say of its end than the code.
        case failed(code: CInt, message: String)
        /// The build was given up before; the container is on its way to its end.
        case cancelled
        /// The supervisor is gone without a word.
        case lost
    }

    private let channel: AttachChannel

    /// `socket` is the caller's end of a pair of SOCK_SEQPACKET sockets, of which the supervisor has the other.
    package init(socket: consuming FileDescriptor) { channel = AttachChannel(socket: socket) }

    /// Closes the connection.
    package consuming func end() {}

    /// Serves until the end. `started` is called once, when the container's process runs; `output` gets what it writes, and
    /// whether that went to its standard error.
    package func run(
        cancellation: Cancellation, started: () -> Void, output: (_ isError: Bool, [UInt8]) -> Void
    ) -> Outcome {
        var poll = PollSet()
        while true {
            poll.removeAll()
            let socket = poll.add(channel.socket.rawValue)
            let cancelled = poll.add(cancellation.number)
            guard (try? poll.wait()) != nil else { return .lost }
            if poll.isReadable(cancelled) { return .cancelled }
            guard poll.isReadable(socket) else { continue }
            guard let frame = channel.receive() else { return .lost }
            switch frame {
            case .started: started()
            case .output(let data): output(false, data)
            case .errorOutput(let data): output(true, data)
            case .exited(let code): return .exited(code: code)
            case .failed(let code, let message): return .failed(code: code, message: message)
            case .input, .inputEnd, .resize, .signal, .detach, .inputTaken, .done: break
            }
        }
    }
}
