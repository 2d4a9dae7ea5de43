import CLinux
import Glibc
import Linux

/// What a supervisor does while its container runs: moves bytes between the container and its client, passes signals on,
/// and notices the end.
struct ServeLoop: ~Copyable {
    private let process: FileDescriptor
    private var streams: ContainerStreams
    private var client: FileDescriptor?
    private let signals: SignalDescriptor
    // Input that the container has not taken yet, at most AttachFrame.inputWindow frames.
    private var pendingInput: [ArraySlice<UInt8>] = []
    private var inputEnded = false
    // Packets that the client had no room for: until they are gone nothing is read from the container, which then
    // blocks on its own pipe.
    private var outbox: [[UInt8]] = []

    /// `process` is the pidfd of the container's init.
    init(
        process: consuming FileDescriptor, streams: consuming ContainerStreams, client: consuming FileDescriptor?,
        signals: consuming SignalDescriptor
    ) {
        self.process = process
        self.streams = streams
        self.client = client
        self.signals = signals
        self.streams.makeNonBlocking()
    }

    /// Serves until the container has ended and its last output is delivered. `exited` is called as soon as the end is
    /// seen, before the output is drained.
    mutating func run(exited: () -> Void) {
        var running = true
        while running || (streams.isOpen && hasClient) || !outbox.isEmpty {
            if running {
                running = !step(exit: exited)
            } else if !drain() {
                break
            }
        }
    }

    /// Sends a last frame, however long the client takes for it.
    func tell(_ frame: AttachFrame) {
        if let number = client.number { _ = AttachChannel.send(frame.bytes, to: number, waiting: true) }
    }

    // One turn; true when the container has ended.
    private mutating func step(exit: () -> Void) -> Bool {
        var poll = PollSet()
        let end = poll.add(process.rawValue)
        let signal = poll.add(signals.descriptor.rawValue)
        let peerNumber = client.number
        let peer = peerNumber.map { poll.add($0, writing: !outbox.isEmpty) }
        let input = pendingInput.isEmpty ? nil : streams.inputNumber.map { poll.add($0, reading: false, writing: true) }
        var sources: [(ContainerStreams.Source, Int)] = []
        if outbox.isEmpty {
            for source in ContainerStreams.Source.allCases {
                if let number = streams.number(of: source) { sources.append((source, poll.add(number))) }
            }
        }
        guard (try? poll.wait()) != nil else { return false }

        if poll.isReadable(signal) { passOwnSignals() }
        if let peer {
            if poll.isWritable(peer) { flush() }
            if poll.isReadable(peer) { receive() }
        }
        if let input, poll.isWritable(input) { feed() }
        for (source, place) in sources where poll.isReadable(place) {
            _ = move(source)
            if !outbox.isEmpty { break }
        }
        guard poll.isReadable(end) else { return false }
        exit()
        return true
    }

    // What is still in the pipes after the end. A process that left the container's pid namespace could hold one
    // open: what is there now is delivered, and no more is waited for. False when nothing is left.
    private mutating func drain() -> Bool {
        if !outbox.isEmpty, let number = client.number {
            var poll = PollSet()
            poll.add(number, reading: false, writing: true)
            _ = try? poll.wait()
            flush()
            return true
        }
        var moved = false
        for source in ContainerStreams.Source.allCases where outbox.isEmpty {
            if move(source) { moved = true }
        }
        return moved || !outbox.isEmpty
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

    private var hasClient: Bool { client.number != nil }

    private mutating func post(_ frame: AttachFrame) {
        guard hasClient else { return }
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
        guard let number = client.number, let frame = AttachChannel.receive(from: number) else { return dropClient() }
        switch frame {
        case .input(let data):
            pendingInput.append(data[...])
            feed()
        case .inputEnd:
            inputEnded = true
            if pendingInput.isEmpty { streams.closeInput() }
        case .resize(let size):
            if let number = streams.terminal.number { Terminal.setSize(size, of: number) }
        case .signal(let signal):
            _ = apus_pidfd_send_signal(process.rawValue, signal)
        case .go, .started, .output, .errorOutput, .inputTaken, .exited, .failed: break
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
        if inputEnded { streams.closeInput() }
    }

    private mutating func dropClient() {
        client = nil
        outbox.removeAll()
        pendingInput.removeAll()
        // Docker's StdinOnce: the input ends with the first client that had it.
        streams.closeInput()
    }

    // A supervisor that is asked to end ends its container first, as an administrator expects of "kill".
    private func passOwnSignals() {
        while let signal = signals.next() { _ = apus_pidfd_send_signal(process.rawValue, signal) }
    }
}
