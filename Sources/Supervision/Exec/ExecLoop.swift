import Glibc
import Linux
import Runtime

/// What a keeper does while its command runs: moves bytes between the command and its client, and notices the end of
/// either, and of the container.
struct ExecLoop: ~Copyable {
    private let pid: ProcessID
    private let pidfd: FileDescriptor
    /// A pidfd of the container's init.
    private let container: FileDescriptor
    private var containerRuns = true
    private var streams: ProcessStreams
    // nil when it has gone. What the command writes is dropped then, as Docker does: a client that is killed does not end it.
    private var client: ControlClient?
    /// Whether the client has left on purpose.
    private(set) var isDetached = false
    private var dormancy = Dormancy()

    init(
        process pid: ProcessID, pidfd: consuming FileDescriptor, container: consuming FileDescriptor,
        streams: consuming ProcessStreams, client: consuming FileDescriptor
    ) {
        self.pid = pid
        self.pidfd = pidfd
        self.container = container
        self.streams = streams
        self.client = ControlClient(client, .attached(AttachedStreams(input: true, output: true, errorOutput: true)))
        self.streams.makeNonBlocking()
    }

    /// Serves until the command has ended; its last output is in the client's hands or on its way then.
    mutating func run() -> ExitStatus {
        client?.post(.started)
        while !turn() {}
        // At once: as long as the command is not reaped, the end of the container's process namespace waits for it.
        let status = (try? waitForExit(of: pid)) ?? .signaled(SIGKILL)
        for chunk in streams.drain() { client?.post(AttachFrame(chunk)) }
        return status
    }

    /// Sends a last frame, however long the client takes for what is its own.
    mutating func finish(_ frame: AttachFrame) {
        guard let client else { return }
        client.post(last: frame)
        while client.isBehind {
            var poll = PollSet()
            poll.add(client.number, reading: false, writing: true)
            guard (try? poll.wait()) != nil else { return }
            client.flush()
        }
    }

    // True when the command has ended.
    private mutating func turn() -> Bool {
        var poll = PollSet()
        let end = poll.add(pidfd.rawValue)
        let containerEnd = containerRuns ? poll.add(container.rawValue) : nil
        let peer: Int? = if let client { poll.add(client.number, writing: client.isBehind) } else { nil }
        // Until the client has what is its own, the command is held up by its pipes.
        let places = streams.watch(in: &poll, output: !(client?.isBehind ?? false))
        let patience = streams.restsUntil?.millisecondsLeft ?? -1
        guard (try? dormancy.wait(&poll, milliseconds: patience)) != nil else { return false }

        if let containerEnd, poll.isReadable(containerEnd) {
            // In a process namespace of the host's nobody else ends the command with its container.
            containerRuns = false
            send(SIGKILL)
        }
        if let peer {
            if poll.isWritable(peer) { client?.flush() }
            if poll.isReadable(peer) { receive() }
        }
        let moved = streams.move(places, poll)
        acknowledge(moved.taken)
        for chunk in moved.chunks { client?.post(AttachFrame(chunk)) }
        if client?.isGone ?? false { dropClient() }
        return poll.isReadable(end)
    }

    private func send(_ signal: CInt) { try? sendSignal(signal, to: pidfd) }

    // MARK: the client

    private mutating func receive() {
        guard let client, !client.isGone else { return }
        let frame: AttachFrame
        switch AttachChannel.receiveNow(from: client.number) {
        case .frame(let received): frame = received
        case .nothing: return
        case .end: return client.leave()
        }
        switch frame {
        case .input(let data): acknowledge(streams.write(data))
        case .inputEnd: streams.endInput()
        case .resize(let size): streams.resize(size)
        case .signal(let signal): send(signal)
        case .detach:
            isDetached = true
            client.leave()
        case .started, .output, .errorOutput, .inputTaken, .done, .exited, .failed: break
        }
    }

    private func acknowledge(_ count: Int) {
        for _ in 0..<count { client?.post(.inputTaken) }
    }

    private mutating func dropClient() {
        client = nil
        // What has arrived is the command's; nothing comes after it.
        streams.endInput()
    }
}
