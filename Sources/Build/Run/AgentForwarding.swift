import Glibc
import Linux
import Synchronization

/// Passes on what the programs of a RUN ask of an agent of the caller's, each connection by a thread of its own.
final class AgentForwarding: Sendable {
    /// How many connections there may be at once; a program that opens more is not answered.
    private static let limit = 64

    private let listener: CInt
    private let agent: String
    private let state = Mutex(State())

    private struct State {
        var ending: Cancellation?
        var accepting: PendingCall<Void>?
        var connections: [PendingCall<Void>] = []
        var count = 0
    }

    /// `listener`, which is borrowed, listens from `begin` on; `agent` is the path of the agent's socket.
    init(listener: CInt, to agent: String) {
        self.listener = listener
        self.agent = agent
    }

    /// Begins to answer. Where there can be no thread nobody is answered.
    func begin() {
        guard let ending = try? Cancellation() else { return }
        let accepting = try? Linux.begin { self.accept(until: ending) }
        state.withLock {
            $0.ending = ending
            $0.accepting = accepting
        }
    }

    /// Ends all that it began, and waits for it.
    func end() {
        let (ending, accepting) = state.withLock { ($0.ending, $0.accepting) }
        ending?.cancel()
        try? accepting?.wait()
        let connections = state.withLock { state in
            defer { state = State() }
            return state.connections
        }
        for connection in connections { try? connection.wait() }
    }

    private func accept(until ending: Cancellation) {
        var poll = PollSet()
        while true {
            poll.removeAll()
            let place = poll.add(listener)
            let end = poll.add(ending.number)
            guard (try? poll.wait()) != nil, !poll.isReadable(end) else { return }
            guard poll.isReadable(place), let (number, _) = UnixSocket.accept(listener) else {
                if poll.isHungUp(place) { return }
                continue
            }
            guard state.withLock({ $0.count < Self.limit }) else {
                close(number)
                continue
            }
            state.withLock { $0.count += 1 }
            let call = try? Linux.begin {
                AgentConnection(client: number, agent: self.agent, ending).serve()
                close(number)
                self.state.withLock { $0.count -= 1 }
            }
            if let call {
                state.withLock { $0.connections.append(call) }
            } else {
                close(number)
                state.withLock { $0.count -= 1 }
            }
        }
    }
}

/// One connection to an agent. Keys may be listed and used, and nothing else: a build must not add, remove or lock keys of the
/// caller's (the agent protocol, draft-ietf-sshm-ssh-agent).
private struct AgentConnection {
    /// SSH_AGENTC_REQUEST_IDENTITIES and SSH_AGENTC_SIGN_REQUEST.
    private static let allowed: Set<UInt8> = [11, 13]
    /// SSH_AGENT_FAILURE, as a message.
    private static let refusal: [UInt8] = [0, 0, 0, 1, 5]
    /// OpenSSH's own limit of a message in bytes.
    private static let largest = 256 << 10

    private let client: CInt
    private let agent: String
    private let ending: Cancellation

    init(client: CInt, agent: String, _ ending: Cancellation) {
        self.client = client
        self.agent = agent
        self.ending = ending
    }

    func serve() {
        guard let connection = try? UnixSocket.connect(.stream, to: agent) else { return }
        while let request = message(from: client) {
            guard request.count > 4, Self.allowed.contains(request[4]) else {
                guard send(Self.refusal, to: client) else { return }
                continue
            }
            guard send(request, to: connection.rawValue), let answer = message(from: connection.rawValue),
                send(answer, to: client)
            else { return }
        }
    }

    // With its length in front; nil at the end, and for what is no message.
    private func message(from socket: CInt) -> [UInt8]? {
        guard let head = read(4, from: socket) else { return nil }
        let length = head.reduce(0) { $0 << 8 | Int($1) }
        guard (1...Self.largest).contains(length), let body = read(length, from: socket) else { return nil }
        return head + body
    }

    private func read(_ count: Int, from socket: CInt) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            var poll = PollSet()
            poll.add(socket)
            let end = poll.add(ending.number)
            guard (try? poll.wait()) != nil, !poll.isReadable(end) else { return nil }
            let got = buffer.withUnsafeMutableBytes { Glibc.read(socket, $0.baseAddress! + filled, count - filled) }
            if got < 0, Errno.current == .interrupted { continue }
            guard got > 0 else { return nil }
            filled += got
        }
        return buffer
    }

    private func send(_ bytes: [UInt8], to socket: CInt) -> Bool {
        var sent = 0
        while sent < bytes.count {
            var poll = PollSet()
            let place = poll.add(socket, reading: false, writing: true)
            let end = poll.add(ending.number)
            guard (try? poll.wait()) != nil, !poll.isReadable(end), poll.isWritable(place) else { return false }
            let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
            let count = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, flags) }
            if count < 0, Errno.current == .interrupted || Errno.current == .again { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
