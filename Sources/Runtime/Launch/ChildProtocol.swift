import Linux

/// What the process that becomes the container says to the one that started it.
enum ChildMessage: Equatable {
    /// It has a new user namespace and waits for its maps.
    case mapIDs
    /// It has entered namespaces for its children alone, and this child of it goes on in its place.
    case forked(ProcessID)
    /// The terminal's master side, as the attachment.
    case terminal
    /// All is set up; it waits for the start.
    case ready
    /// The next call is execve(2). If the socket closes now, it succeeded.
    case executing
    case failed(LaunchError)
}

/// What the process that starts a container says to the one that becomes it.
enum ParentMessage: UInt8, Equatable, WireCodable {
    /// The maps of the user namespace are written.
    case mapped
    /// The root file system, a detached mount, as the attachment.
    case root
    case start
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

    init(staged: Bool, needsMaps: Bool, hasTerminal: Bool, waitsForStart: Bool) {
        state = staged ? .staging(mapped: false) : .settingUp(terminal: false)
        self.needsMaps = needsMaps
        self.hasTerminal = hasTerminal
        self.waitsForStart = waitsForStart
    }

    mutating func receive(_ message: ChildMessage) throws(Violation) {
        switch (state, message) {
        case (.running, _), (.failed, _), (.created, .ready): throw .unexpected(message, in: state)
        case (_, .failed(let error)): state = .failed(error)
        case (.staging(mapped: false), .mapIDs) where needsMaps: state = .staging(mapped: true)
        case (.staging(let mapped), .forked) where mapped == needsMaps: state = .settingUp(terminal: false)
        case (.settingUp(terminal: false), .terminal) where hasTerminal: state = .settingUp(terminal: true)
        case (.settingUp(let terminal), .ready) where waitsForStart && terminal == hasTerminal: state = .created
        case (.settingUp(let terminal), .executing) where !waitsForStart && terminal == hasTerminal: state = .executing
        case (.starting, .executing): state = .executing
        default: throw .unexpected(message, in: state)
        }
    }

    /// The socket was closed on the other side.
    mutating func close() throws(Violation) {
        guard state == .executing else { throw .closed(in: state) }
        state = .running
    }

    /// The start was sent.
    mutating func start() {
        precondition(state == .created, "only a created container is started")
        state = .starting
    }
}
