import Glibc
import Linux

/// What a keeper does while its command runs: moves bytes between the command and its client, and notices the end of
/// either, and of the container.
struct ExecLoop: ~Copyable {
    private let pid: ProcessID
    private let pidfd: FileDescriptor
    /// A pidfd of the container's init.
    private let container: FileDescriptor
    private var containerRuns = true
    private var streams: ContainerStreams
    private var client: FileDescriptor?
    // Input that the command has not taken yet, at most AttachFrame.inputWindow frames.
    private var pendingInput: [ArraySlice<UInt8>] = []
    private var inputHasEnded = false
    // Packets that the client had no room for: until they are gone nothing is read from the command, which then blocks
    // on its own pipe.
    private var outbox: [[UInt8]] = []
    /// Whether the client has left on purpose.
    private(set) var isDetached = false

    init(
        process pid: ProcessID, pidfd: consuming FileDescriptor, container: consuming FileDescriptor,
        streams: consuming ContainerStreams, client: consuming FileDescriptor
    ) {
        self.pid = pid
        self.pidfd = pidfd
        self.container = container
        self.streams = streams
        self.client = consume client
        self.streams.makeNonBlocking()
    }

    /// Serves until the command has ended; its last output is in the client's hands or in the outbox then.
    mutating func run() -> ExitStatus {
        post(.started)
        while !turn() {}
        // At once: as long as the command is not reaped, the end of the container's process namespace waits for it.
        let status = (try? waitForExit(of: pid)) ?? .signaled(SIGKILL)
        drain()
        return status
    }

    /// Sends a last frame, however long the client takes for what is its own.
    mutating func finish(_ frame: AttachFrame) {
        post(frame)
        while !outbox.isEmpty, let number = client.number {
            var poll = PollSet()
            poll.add(number, reading: false, writing: true)
            guard (try? poll.wait()) != nil else { return }
            flush()
        }
    }

    // True when the command has ended.
    private mutating func turn() -> Bool {
        var poll = PollSet()
        let end = poll.add(pidfd.rawValue)
        let containerEnd = containerRuns ? poll.add(container.rawValue) : nil
        let peer = client.number.map { poll.add($0, writing: !outbox.isEmpty) }
        let input = pendingInput.isEmpty ? nil : streams.inputNumber.map { poll.add($0, reading: false, writing: true) }
        var sources: [(ContainerStreams.Source, Int)] = []
        if outbox.isEmpty {
            for source in ContainerStreams.Source.allCases {
                if let number = streams.awaited(source) { sources.append((source, poll.add(number))) }
            }
        }
        guard (try? poll.wait(milliseconds: streams.presence.restsUntil?.millisecondsLeft ?? -1)) != nil else {
            return false
        }

        if let containerEnd, poll.isReadable(containerEnd) {
            // In a process namespace of the host's nobody else ends the command with its container.
            containerRuns = false
            send(SIGKILL)
        }
        if let peer {
            if poll.isWritable(peer) { flush() }
            if poll.isReadable(peer) { receive() }
        }
        if let input, poll.isWritable(input) { feed() }
        for (source, place) in sources where poll.isReadable(place) {
            _ = move(source)
            if !outbox.isEmpty { break }
        }
        return poll.isReadable(end)
    }

    // What is still in the pipes after the end, at most what pipes hold. A child of the command may hold one open: what
    // is there now is delivered, and no more is waited for.
    private mutating func drain() {
        for source in ContainerStreams.Source.allCases {
            var rest = 64
            while rest > 0, move(source) { rest -= 1 }
        }
    }

    // True when bytes were read.
    private mutating func move(_ source: ContainerStreams.Source) -> Bool {
        switch streams.read(source) {
        case .data(let data):
            post(source == .errorOutput ? .errorOutput(data) : .output(data))
            return true
        case .nothing: return false
        case .end:
            streams.close(source)
            return false
        }
    }

    private func send(_ signal: CInt) { try? sendSignal(signal, to: pidfd) }

    // MARK: the client

    // Without a client, what the command writes is dropped, as Docker does: a client that is killed does not end it.
    private mutating func post(_ frame: AttachFrame) {
        guard client.number != nil else { return }
        outbox.append(frame.bytes)
        flush()
    }

    private mutating func flush() {
        while let packet = outbox.first, let number = client.number {
            switch AttachChannel.send(packet, to: number, waiting: false) {
            case .sent: outbox.removeFirst()
            case .full: return
            case .gone: dropClient()
            }
        }
    }

    private mutating func receive() {
        guard let number = client.number else { return dropClient() }
        let frame: AttachFrame
        switch AttachChannel.receiveNow(from: number) {
        case .frame(let received): frame = received
        case .nothing: return
        case .end: return dropClient()
        }
        switch frame {
        case .input(let data):
            pendingInput.append(data[...])
            feed()
        case .inputEnd:
            inputHasEnded = true
            if pendingInput.isEmpty { streams.closeInput() }
        case .resize(let size):
            if let number = streams.terminal.number { Terminal.setSize(size, of: number) }
        case .signal(let signal): send(signal)
        case .detach:
            isDetached = true
            dropClient()
        case .go, .started, .output, .errorOutput, .inputTaken, .done, .exited, .failed: break
        }
    }

    private mutating func feed() {
        while let first = pendingInput.first {
            // Without a reader the input is taken and dropped: the client need not know.
            let written = streams.writeInput(first) ?? first.count
            if written < first.count {
                pendingInput[0] = first.dropFirst(written)
                return
            }
            pendingInput.removeFirst()
            post(.inputTaken)
        }
        if inputHasEnded { streams.closeInput() }
    }

    private mutating func dropClient() {
        client = nil
        outbox.removeAll()
        // What has arrived is the command's; nothing comes after it.
        inputHasEnded = true
        if pendingInput.isEmpty { streams.closeInput() }
    }
}
