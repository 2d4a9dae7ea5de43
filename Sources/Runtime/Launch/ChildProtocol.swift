import Linux

/// What the process that becomes the container says to the one that started it.
enum ChildMessage: Equatable {
    /// It has a new user namespace and waits for its maps.
    case mapIDs
    /// It is in its network namespace, which may be the attachment, and waits for the devices that move there, if there are any.
    case networked
    /// It has entered namespaces for its children alone, and this child of it goes on in its place.
    case forked(ProcessID)
    /// The terminal's master side, as the attachment.
    case terminal
    /// Its namespaces and mounts are made, and its root is still the caller's: it waits for the hooks of that moment.
    case mounted
    /// Its filter has a listener, with this number among its descriptors; it waits until the listener is served.
    case listener(Int32)
    /// The listener, as the attachment: for a parent that could not fetch it by its number.
    case listenerAttached
    /// All is set up; it waits for the start.
    case ready
    /// The next call is execve(2). If the socket closes now, it succeeded.
    case executing
    case failed(LaunchError)
    /// What was executed in front of the command (`OwnExecutable.starter`) could not execute it.
    case unexecutable(path: String, Errno)
}

/// What the process that starts a container says to the one that becomes it.
enum ParentMessage: Equatable {
    /// The maps of the user namespace are written.
    case mapped
    /// The root file system, a detached mount, as the attachment.
    case root
    /// What is bound into a root that was handed over is there; and who the process is, where that was not known when it was
    /// made. As a file that is the attachment, if there is one: too much for a message.
    case supplied(ProcessOwner?)
    case start
    /// The hooks of the caller's namespaces have run. The attachment is a file with what hooks get as their input.
    case hooked
    /// The listener of the filter is to come as an attachment.
    case attachListener
    /// Somebody serves the listener.
    case served
    /// All of a creation is recorded: the parent may go, and the start will come through the gate.
    case parted
    /// The network devices are there.
    case moved
}

extension ParentMessage: WireCodable {
    func encode(to encoder: inout WireEncoder) {
        switch self {
        case .mapped: encoder.writeInteger(0 as UInt8)
        case .root: encoder.writeInteger(1 as UInt8)
        case .start: encoder.writeInteger(2 as UInt8)
        case .hooked: encoder.writeInteger(3 as UInt8)
        case .attachListener: encoder.writeInteger(4 as UInt8)
        case .served: encoder.writeInteger(5 as UInt8)
        case .parted: encoder.writeInteger(6 as UInt8)
        case .moved: encoder.writeInteger(7 as UInt8)
        case .supplied(let owner):
            encoder.writeInteger(8 as UInt8)
            encoder.write(owner != nil)
            if let owner { owner.encode(to: &encoder) }
        }
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        switch try decoder.readInteger(UInt8.self) {
        case 0: self = .mapped
        case 1: self = .root
        case 2: self = .start
        case 3: self = .hooked
        case 4: self = .attachListener
        case 5: self = .served
        case 6: self = .parted
        case 7: self = .moved
        case 8: self = .supplied(try decoder.read(Bool.self) ? ProcessOwner(from: &decoder) : nil)
        case let other: throw .invalidValue("message (\(other))")
        }
    }
}

extension ChildMessage: WireCodable {
    func encode(to encoder: inout WireEncoder) {
        switch self {
        case .mapIDs: encoder.write(1 as UInt8)
        case .forked(let pid):
            encoder.write(2 as UInt8)
            encoder.write(pid)
        case .terminal: encoder.write(3 as UInt8)
        case .ready: encoder.write(4 as UInt8)
        case .executing: encoder.write(5 as UInt8)
        case .failed(let error):
            encoder.write(6 as UInt8)
            encoder.write(error)
        case .mounted: encoder.write(7 as UInt8)
        case .listener(let number):
            encoder.write(8 as UInt8)
            encoder.write(number)
        case .listenerAttached: encoder.write(9 as UInt8)
        case .networked: encoder.write(10 as UInt8)
        // CLinux/starter.c writes this one.
        case .unexecutable(let path, let errno):
            encoder.write(11 as UInt8)
            encoder.write(errno.rawValue)
            encoder.write(path)
        }
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        switch try decoder.readInteger(UInt8.self) {
        case 1: self = .mapIDs
        case 2: self = .forked(try decoder.readInteger())
        case 3: self = .terminal
        case 4: self = .ready
        case 5: self = .executing
        case 6: self = .failed(try decoder.read(LaunchError.self))
        case 7: self = .mounted
        case 8: self = .listener(try decoder.readInteger())
        case 9: self = .listenerAttached
        case 10: self = .networked
        case 11:
            let errno = Errno(try decoder.readInteger(Int32.self))
            self = .unexecutable(path: try decoder.read(), errno)
        case let other: throw .invalidValue("message (\(other))")
        }
    }
}

/// One message in one packet: its length (UInt32) and its parts.
enum Frame {
    static func encode(_ message: some WireCodable) -> [UInt8] {
        var body = WireEncoder()
        body.write(message)
        var frame = WireEncoder()
        frame.write(data: body.bytes)
        return frame.bytes
    }

    static func decode<Message: WireCodable>(_ bytes: [UInt8]) throws(WireError) -> Message {
        var frame = WireDecoder(bytes)
        var body = WireDecoder(try frame.readData())
        try frame.finish()
        let message = try Message(from: &body)
        try body.finish()
        return message
    }
}

/// The parent's side of a start as a state machine, without any input or output. A message that the state does not
/// expect ends the start: the process that sends may already run what an image brought.
struct ChildProtocol: Equatable {
    enum State: Equatable {
        /// Entering namespaces that only a child of the process will be in.
        case staging(mapped: Bool)
        case settingUp(terminal: Bool)
        /// It waits for its network devices, and goes on with its setup after them.
        case networked
        /// It waits for hooks, and goes on with its setup after them.
        case mounted
        /// It waits for its listener to be served, and goes on where it was.
        case listening(number: Int32)
        case created
        case starting
        case executing
        case running
        case failed(LaunchError)
    }

    enum Violation: Error, Equatable, CustomStringConvertible {
        case unexpected(ChildMessage, in: State)
        case closed(in: State)

        var description: String {
            switch self {
            case .unexpected: "the container's process sent a message out of turn"
            case .closed: "the container's process ended before it could execute its command"
            }
        }
    }

    private(set) var state: State
    private let hasTerminal: Bool
    private let needsMaps: Bool
    private let waitsForStart: Bool
    private let needsHooks: Bool
    private let needsListener: Bool
    private let mayHaveListener: Bool
    private let needsDevices: Bool
    private let announcesNetwork: Bool
    private(set) var networked = false
    private var hooked = false
    private var listened = false
    private var startIsSent = false

    init(
        staged: Bool, needsMaps: Bool, hasTerminal: Bool, waitsForStart: Bool, needsHooks: Bool = false,
        needsListener: Bool = false, mayHaveListener: Bool = false, needsDevices: Bool = false,
        announcesNetwork: Bool = false
    ) {
        state = staged ? .staging(mapped: false) : .settingUp(terminal: false)
        self.needsMaps = needsMaps
        self.hasTerminal = hasTerminal
        self.waitsForStart = waitsForStart
        self.needsHooks = needsHooks
        self.needsListener = needsListener
        self.mayHaveListener = mayHaveListener
        self.needsDevices = needsDevices
        self.announcesNetwork = announcesNetwork
    }

    // Whether nothing is missing before the process may wait or execute.
    private func isSetUp(terminal: Bool) -> Bool {
        terminal == hasTerminal && hooked == needsHooks && (listened == needsListener || mayHaveListener)
            && networked == (needsDevices || announcesNetwork)
    }

    mutating func receive(_ message: ChildMessage) throws(Violation) {
        switch (state, message) {
        case (.running, _), (.failed, _), (.created, .ready): throw .unexpected(message, in: state)
        case (_, .failed(let error)): state = .failed(error)
        case (.staging(mapped: false), .mapIDs) where needsMaps: state = .staging(mapped: true)
        case (.staging(let mapped), .forked) where mapped == needsMaps: state = .settingUp(terminal: false)
        case (.settingUp(terminal: false), .networked) where needsDevices && !networked:
            networked = true
            state = .networked
        case (.settingUp(terminal: false), .networked) where announcesNetwork && !networked: networked = true
        case (.settingUp(terminal: false), .terminal) where hasTerminal: state = .settingUp(terminal: true)
        case (.settingUp(let terminal), .mounted) where needsHooks && !hooked && terminal == hasTerminal:
            hooked = true
            state = .mounted
        case (.settingUp(let terminal), .listener(let number))
        where (needsListener || mayHaveListener) && !listened && terminal == hasTerminal && number >= 0:
            listened = true
            state = .listening(number: number)
        case (.listening, .listenerAttached): break
        case (.settingUp(let terminal), .ready) where waitsForStart && isSetUp(terminal: terminal):
            state = startIsSent ? .starting : .created
        case (.settingUp(let terminal), .executing) where !waitsForStart && isSetUp(terminal: terminal):
            state = .executing
        case (.starting, .executing): state = .executing
        case (.executing, .unexecutable(let path, let errno)):
            state = .failed(Command.refusal(path, errno))
        default: throw .unexpected(message, in: state)
        }
    }

    /// The socket was closed on the other side.
    mutating func close() throws(Violation) {
        guard state == .executing else { throw .closed(in: state) }
        state = .running
    }

    /// The hooks have run, or the listener is served: the process was told to go on.
    mutating func resume() {
        switch state {
        case .networked: state = .settingUp(terminal: false)
        case .mounted, .listening: state = .settingUp(terminal: hasTerminal)
        default: preconditionFailure("only a process that waits is resumed")
        }
    }

    /// Whether the start may be sent before the process waits for it: what it reads next has to be that.
    var takesStartAhead: Bool {
        guard case .settingUp = state else { return false }
        return waitsForStart && !needsHooks && !needsListener && !mayHaveListener && !startIsSent
            && (networked || !needsDevices)
    }

    /// The start was sent.
    mutating func start() {
        if takesStartAhead {
            startIsSent = true
        } else {
            precondition(state == .created, "only a created container is started")
            state = .starting
        }
    }
}
