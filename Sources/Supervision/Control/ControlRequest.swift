package import ContainerSpec
package import Linux

/// What a client asks of a container's supervisor: the first packet on a connection to its control socket. Answers are
/// `AttachFrame`s on the same connection.
package enum ControlRequest: Hashable, Sendable {
    /// Serve the streams that are named. Answer: `started`, then frames as long as the container runs, then `exited`.
    case attach(AttachedStreams)
    /// Run another process in the container. The connection belongs to its keeper from then on (`ExecSession`).
    case exec(ExecRequest)
    /// Send a signal to the container's init, as `kill` does: it counts as the user's wish that the container end.
    /// Answer: `done`, or `exited` after SIGKILL.
    case signal(CInt)
    /// Stop the container, with its own signal and time unless they are given here. Answer: `exited`.
    case stop(signal: CInt?, timeout: Int?)
    /// Stop the container as `stop` does and start it again. Answer: `started`.
    case restart(signal: CInt?, timeout: Int?)
    case pause
    case unpause
    /// Answer: `exited` when the container ends; at once where it is waiting to be started again.
    case wait(WaitCondition)
    /// Change the size of the container's terminal. Answer: `done`.
    case resize(WindowSize)
    /// Replace the restart policy. Answer: `done`.
    case update(RestartPolicy)
    /// Put the container on a network. Answer: `done`.
    case connect(EndpointOptions)
    /// Take the container from the network with this id. Answer: `done`.
    case disconnect(String)
    /// Answer: `done` as soon as the container runs.
    case ping
    /// Pause the container as long as the connection lasts, unless the user has paused it. Answer: `done`.
    case hold

    /// What `wait` waits for.
    package enum WaitCondition: UInt8, WireCodable, Sendable {
        /// The container does not run.
        case notRunning
        /// It ends once more, whatever it does now.
        case nextExit
    }
}

/// The streams that a client wants to be served.
package struct AttachedStreams: Hashable, Sendable {
    package var input: Bool
    package var output: Bool
    package var errorOutput: Bool

    package init(input: Bool, output: Bool, errorOutput: Bool) {
        self.input = input
        self.output = output
        self.errorOutput = errorOutput
    }

    /// None of them: a client that waits for the start alone.
    package static let none = AttachedStreams(input: false, output: false, errorOutput: false)
}

extension AttachedStreams: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(input)
        encoder.write(output)
        encoder.write(errorOutput)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        input = try decoder.read()
        output = try decoder.read()
        errorOutput = try decoder.read()
    }
}

extension EndpointOptions: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(network)
        encoder.write(aliases)
        encoder.write(ipv4)
        encoder.write(ipv6)
        encoder.write(linkLocalIPs)
        encoder.write(macAddress)
        encoder.write(driverOptions.map(\.key))
        encoder.write(driverOptions.map(\.value))
        encoder.write(gatewayPriority)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        self.init(network: try decoder.read())
        aliases = try decoder.read()
        ipv4 = try decoder.read()
        ipv6 = try decoder.read()
        linkLocalIPs = try decoder.read()
        macAddress = try decoder.read()
        let keys: [String] = try decoder.read()
        let values: [String] = try decoder.read()
        guard keys.count == values.count else { throw .invalidValue("driver options") }
        for place in 0..<keys.count { driverOptions[keys[place]] = values[place] }
        gatewayPriority = try decoder.read()
    }
}

extension ControlRequest: WireCodable {
    /// Rises with every change of the form but new requests. A supervisor may be older than the program that talks to it.
    static let version: UInt16 = 1

    private enum Kind: UInt8, WireCodable {
        case attach = 1
        case exec, signal, stop, restart, pause, unpause, wait, resize, update, ping, connect, disconnect, hold
    }

    package func encode(to encoder: inout WireEncoder) {
        encoder.write(Self.version)
        switch self {
        case .attach(let streams):
            encoder.write(Kind.attach)
            encoder.write(streams)
        case .exec(let request):
            encoder.write(Kind.exec)
            encoder.write(request)
        case .signal(let number):
            encoder.write(Kind.signal)
            encoder.write(number)
        case .stop(let signal, let timeout), .restart(let signal, let timeout):
            if case .stop = self { encoder.write(Kind.stop) } else { encoder.write(Kind.restart) }
            encoder.write(signal)
            encoder.write(timeout)
        case .pause: encoder.write(Kind.pause)
        case .unpause: encoder.write(Kind.unpause)
        case .wait(let condition):
            encoder.write(Kind.wait)
            encoder.write(condition)
        case .resize(let size):
            encoder.write(Kind.resize)
            encoder.write(size.rows)
            encoder.write(size.columns)
        case .update(let policy):
            encoder.write(Kind.update)
            encoder.write(policy)
        case .connect(let endpoint):
            encoder.write(Kind.connect)
            encoder.write(endpoint)
        case .disconnect(let network):
            encoder.write(Kind.disconnect)
            encoder.write(network)
        case .ping: encoder.write(Kind.ping)
        case .hold: encoder.write(Kind.hold)
        }
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        guard try decoder.read(UInt16.self) == Self.version else { throw .invalidValue("version") }
        switch try decoder.read(Kind.self) {
        case .attach: self = .attach(try decoder.read())
        case .exec: self = .exec(try decoder.read())
        case .signal: self = .signal(try Self.signal(decoder.read()))
        case .stop: self = .stop(signal: try Self.optionalSignal(decoder.read()), timeout: try decoder.read())
        case .restart: self = .restart(signal: try Self.optionalSignal(decoder.read()), timeout: try decoder.read())
        case .pause: self = .pause
        case .unpause: self = .unpause
        case .wait: self = .wait(try decoder.read())
        case .resize:
            let rows: UInt16 = try decoder.read()
            self = .resize(WindowSize(rows: rows, columns: try decoder.read()))
        case .update: self = .update(try decoder.read())
        case .connect: self = .connect(try decoder.read())
        case .disconnect: self = .disconnect(try decoder.read())
        case .ping: self = .ping
        case .hold: self = .hold
        }
    }

    private static func signal(_ number: CInt) throws(WireError) -> CInt {
        guard (1...64).contains(number) else { throw .invalidValue("signal") }
        return number
    }

    private static func optionalSignal(_ number: CInt?) throws(WireError) -> CInt? {
        guard let number else { return nil }
        return try signal(number)
    }
}
