import Glibc
import Linux
import Logs

/// Input that the container has not taken yet, of each client at most AttachFrame.inputWindow frames.
struct InputQueue {
    private var chunks: [(client: ControlClient, data: ArraySlice<UInt8>)] = []
    /// Whether nothing comes after what is queued.
    var hasEnded = false

    var isEmpty: Bool { chunks.isEmpty }
    var first: ArraySlice<UInt8>? { chunks.first?.data }

    mutating func append(_ data: [UInt8], from client: ControlClient) { chunks.append((client, data[...])) }

    /// Takes `count` bytes off the first chunk; returns its client where that was the rest of it.
    mutating func take(_ count: Int) -> ControlClient? {
        guard count == chunks[0].data.count else {
            chunks[0].data = chunks[0].data.dropFirst(count)
            return nil
        }
        return chunks.removeFirst().client
    }
}

extension ServeLoop {
    /// Hears an attached client.
    mutating func receive(from client: ControlClient) {
        let frame: AttachFrame
        switch AttachChannel.receiveNow(from: client.number) {
        case .frame(let received): frame = received
        case .nothing: return
        case .end: return client.leave()
        }
        switch frame {
        case .input(let data):
            guard client.hasInput, !input.hasEnded else { return client.post(.inputTaken) }
            input.append(data, from: client)
            feed()
        case .inputEnd: if client.hasInput { endInput() }
        case .resize(let size): resize(size)
        case .signal(let signal): try? kill(signal)
        case .detach:
            client.role = .leaving
            client.leave()
            journal.record(.detach)
        case .go, .started, .output, .errorOutput, .inputTaken, .done, .exited, .failed: break
        }
    }

    /// What follows from the end of a client's connection.
    mutating func clientLeft(_ client: ControlClient) {
        // Docker's StdinOnce. A terminal has no end of input.
        if client.hasInput { endInput() }
    }

    private mutating func endInput() {
        guard settings.inputEndsWithClient else { return }
        input.hasEnded = true
        if input.isEmpty { streams.closeInput() }
    }

    func resize(_ size: WindowSize) {
        guard let number = streams.terminal.number else { return }
        Terminal.setSize(size, of: number)
    }

    /// Gives the container what it has room for.
    mutating func feed() {
        while let first = input.first {
            // Without a reader the input is taken and dropped: the client need not know.
            let written = streams.writeInput(first) ?? first.count
            if let client = input.take(written) {
                client.post(.inputTaken)
            } else {
                return
            }
        }
        if input.hasEnded { streams.closeInput() }
    }

    /// Reads once from the container; true when there were bytes.
    mutating func move(_ source: ContainerStreams.Source) -> Bool {
        switch streams.read(source) {
        case .data(let data):
            log?.append(source == .errorOutput ? .errorOutput : .output, data)
            let frame = source == .errorOutput ? AttachFrame.errorOutput(data) : .output(data)
            distribute(frame.bytes, of: source)
            return true
        case .nothing: return false
        case .end:
            streams.close(source)
            return false
        }
    }

    /// What is still in the pipes after the end, at most what pipes hold. A process that left the container's pid
    /// namespace could keep one open: what is there now is delivered, and no more is waited for.
    mutating func drain() {
        for source in ContainerStreams.Source.allCases {
            var rest = 64
            while rest > 0, move(source) { rest -= 1 }
        }
        log?.finish()
    }
}
