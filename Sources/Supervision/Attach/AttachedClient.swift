import Glibc
package import Linux

/// A front end's end of a running container: passes its input, signals and window size on, and writes what the container
/// writes.
package struct AttachedClient: ~Copyable {
    /// What a session passes on, and how it is left.
    package struct Options: Sendable {
        /// Whether the standard input goes to the container.
        package var input = false
        package var output = true
        package var errorOutput = true
        /// Whether the container has a terminal.
        package var terminal = false
        /// Whether signals are passed on.
        package var signalProxy = true
        package var detachKeys = DetachKeys.standard
        /// How long the supervisor may take for its first word, in seconds; nil: as long as it likes.
        package var patience: Int?
        /// What the session reads and writes.
        package var caller: CallerStreams
        /// Whether signals to the process are for the session: it blocks them, which only who has no other use of them can
        /// want. Without it no signal is passed on, and no change of a window's size is heard of.
        package var hearsSignals = true
        /// Ends the session as the detach keys do; the container goes on.
        package var cancellation: Cancellation?
        /// How the calling process ends where it has nothing to do beside and behind the session, and may give its memory to the
        /// supervisor (`AttachedClient.depart`).
        package var departure: Departure?

        /// A session between a container and `caller`.
        package init(_ caller: CallerStreams) { self.caller = caller }

        /// What the supervisor is to send and take.
        package var streams: AttachedStreams { AttachedStreams(input: input, output: output, errorOutput: errorOutput) }
    }

    /// How the session ended.
    package enum Outcome: Equatable, Sendable {
        case exited(code: CInt)
        /// The user typed the detach keys, or the session was cancelled; the container goes on.
        case detached
        /// A signal ended the session, whose terminal is the container's; the container goes on.
        case interrupted(CInt)
        /// The container could not be started.
        case failed(code: CInt, message: String)
        /// The supervisor is gone without a word.
        case lost
    }

    private let channel: AttachChannel
    private let options: Options
    // nil where signals are not for the session.
    private let signals: SessionSignals?
    // With the caller's terminal in raw mode its keys are the container's, and signals are for the client: it
    // puts the terminal back before it ends.
    private let endsBySignal: Bool
    private var detachKeys: DetachKeys
    private var outstandingInput = 0
    private var inputOpen: Bool
    /// When the session is given up unless the supervisor has said something.
    private var silence: MonotonicTime?

    private static let ending: [CInt] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH]
    /// Signals that a client passes on, and SIGWINCH. The stop signals of job control keep their effect on the client.
    private static let forwarded: [CInt] = [
        SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT, SIGWINCH,
    ]

    /// Blocks the signals that it hears, so none is lost before `run`; call it before the supervisor is forked.
    /// `socket` is the client's end. Throws `SystemError`.
    package init(socket: consuming FileDescriptor, options: Options) throws(SystemError) {
        channel = AttachChannel(socket: socket)
        self.options = options
        detachKeys = DetachKeys(options.terminal ? options.detachKeys : "") ?? DetachKeys("")!
        inputOpen = options.input
        silence = options.patience.map { MonotonicTime.now().adding(seconds: $0) }
        let holdsTerminal = options.hearsSignals && options.terminal && options.input
        endsBySignal = holdsTerminal && Terminal.isTerminal(options.caller.input)
        if options.hearsSignals {
            let heard = endsBySignal ? Self.ending : options.signalProxy ? Self.forwarded : [SIGWINCH]
            signals = SessionSignals(try SignalDescriptor(heard))
        } else {
            signals = nil
        }
    }

    /// Tells the supervisor how large the caller's terminal is.
    package func sendSize() {
        guard options.terminal, let size = options.caller.windowSize else { return }
        _ = channel.send(.resize(size), waiting: true)
    }

    /// Where the calling process has nothing to do beside and behind the session: it goes on as the supervisor that it has made, and its
    /// former self serves the session, without what is `closed`, and ends with it (`Linux.depart`). `helper` is reaped by that. Returns
    /// true in the supervisor, and false where the caller has to stay what it is.
    package func depart(closing closed: [CInt], helper: Preparation.Helper?) -> Bool {
        guard let departure = options.departure, !options.terminal, options.cancellation == nil, silence == nil else {
            return false
        }
        var session = PlainSession(kinds: AttachFrame.plainKinds, socket: channel.socket.rawValue)
        session.signals = signals?.number
        session.input = options.input ? options.caller.input : nil
        session.output = options.output ? options.caller.output : nil
        session.errorOutput = options.errorOutput ? options.caller.errorOutput : nil
        session.largestInput = AttachFrame.maximumPayload
        session.window = AttachFrame.inputWindow
        session.closed = closed
        session.helper = helper
        return Linux.depart(serving: session, departure)
    }

    /// Waits until the supervisor, a signal or who cancels has something to say, and takes nothing of it: whatever the caller does
    /// until then it does on the processor of those who make the container. Returns at once where keys are the container's, since
    /// the terminal changes its mode first.
    package func awaitNews() {
        if options.terminal, options.input { return }
        var poll = PollSet()
        poll.add(channel.socket.rawValue)
        if let signals { poll.add(signals.number) }
        if let cancellation = options.cancellation { poll.add(cancellation.number) }
        _ = try? poll.wait(milliseconds: silence?.millisecondsLeft ?? -1)
    }

    /// Waits until the container's process runs, without serving its streams; nil then, else how it ended.
    package func awaitStart() -> Outcome? {
        var patience = silence
        while true {
            var poll = PollSet()
            let socket = poll.add(channel.socket.rawValue)
            let cancelled = options.cancellation.map { poll.add($0.number) }
            let isInTime = try? poll.wait(milliseconds: patience?.millisecondsLeft ?? -1)
            if isInTime == false { return Self.unanswered }
            if let cancelled, poll.isReadable(cancelled) { return detach() }
            guard poll.isReadable(socket), let frame = channel.receive() else { return .lost }
            patience = nil
            switch frame {
            case .started: return nil
            case .exited(let code): return .exited(code: code)
            case .failed(let code, let message): return .failed(code: code, message: message)
            // Before the start it can only be the supervisor's own.
            case .errorOutput(let data): write(data, to: options.caller.errorOutput)
            default: continue
            }
        }
    }

    /// Serves until the container ends, the user detaches or the supervisor is gone. `started` is called once, when
    /// the container's process runs.
    package mutating func run(started: () -> Void = {}) -> Outcome {
        let raw = options.terminal && options.input ? RawMode(options.caller.input) : nil
        defer { raw?.restore() }
        var poll = PollSet()
        while true {
            poll.removeAll()
            let socket = poll.add(channel.socket.rawValue)
            let signal = signals.map { poll.add($0.number) }
            let cancelled = options.cancellation.map { poll.add($0.number) }
            let reads = inputOpen && outstandingInput < AttachFrame.inputWindow
            let input = reads ? poll.add(options.caller.input) : nil
            guard (try? poll.wait(milliseconds: silence?.millisecondsLeft ?? -1)) != nil else { return .lost }
            if silence?.isPast ?? false, !poll.isReadable(socket) { return Self.unanswered }

            if let signal, poll.isReadable(signal), let ending = takeSignals() { return .interrupted(ending) }
            if let cancelled, poll.isReadable(cancelled) { return detach() }
            if let input, poll.isReadable(input), forwardInput() { return detach() }
            if poll.isReadable(socket) {
                guard let frame = channel.receive() else { return .lost }
                silence = nil
                switch frame {
                case .started: started()
                case .output(let data): if options.output { write(data, to: options.caller.output) }
                case .errorOutput(let data): if options.errorOutput { write(data, to: options.caller.errorOutput) }
                case .inputTaken: outstandingInput -= 1
                case .exited(let code): return .exited(code: code)
                case .failed(let code, let message): return .failed(code: code, message: message)
                case .input, .inputEnd, .resize, .signal, .detach, .done: break
                }
            }
        }
    }

    private func detach() -> Outcome {
        _ = channel.send(.detach, waiting: true)
        return .detached
    }

    private static var unanswered: Outcome {
        .failed(
            code: 1,
            message: "the container's supervisor does not answer: 'kill' or 'rm -f' ends it, and the container with it")
    }

    // Returns a signal that ends the session.
    private func takeSignals() -> CInt? {
        while let number = signals?.next() {
            if number == SIGWINCH {
                sendSize()
            } else if endsBySignal {
                _ = channel.send(.detach, waiting: true)
                return number
            } else {
                _ = channel.send(.signal(number), waiting: true)
            }
        }
        return nil
    }

    // True when the detach keys were typed.
    private mutating func forwardInput() -> Bool {
        let number = options.caller.input
        let input = [UInt8].filled(room: AttachFrame.maximumPayload) { read(number, $0.baseAddress, $0.count) }
        if case .failure(let errno) = input, errno == .interrupted || errno == .again { return false }
        guard case .success(let typed) = input, !typed.isEmpty else {
            inputOpen = false
            _ = channel.send(.inputEnd, waiting: true)
            return false
        }
        let (data, detached) = detachKeys.scan(typed[...])
        if !data.isEmpty {
            outstandingInput += 1
            _ = channel.send(.input(data), waiting: true)
        }
        return detached
    }

    // A reader that went away (EPIPE) must not end the container: what it would have got is dropped, as Docker does.
    private func write(_ data: [UInt8], to descriptor: CInt) {
        var rest = data[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if Errno.current == .again {
                var poll = PollSet()
                poll.add(descriptor, reading: false, writing: true)
                if let cancellation = options.cancellation { poll.add(cancellation.number) }
                _ = try? poll.wait()
                if options.cancellation?.isCancelled ?? false { return }
            } else if Errno.current != .interrupted {
                return
            }
        }
    }
}

/// The signals that a session hears. A class: in an optional of a type that may not be copied, the optimiser of Swift 6.3 ends
/// itself over them.
private final class SessionSignals {
    private let descriptor: SignalDescriptor

    init(_ descriptor: consuming SignalDescriptor) { self.descriptor = descriptor }

    var number: CInt { descriptor.descriptor.rawValue }

    func next() -> CInt? { descriptor.next() }
}
