import Glibc
package import Linux

/// The socket on which a container's supervisor hears the user's other commands. Only its owner's connections are taken:
/// its directory lets nobody else in, and who connects is checked.
struct ControlListener: ~Copyable {
    private let socket: FileDescriptor
    private let path: String

    /// The socket's path below a container's run directory.
    static func path(_ runDirectory: String) -> String { "\(runDirectory)/control" }

    /// Listens in `runDirectory`. Throws `SystemError`.
    init(runDirectory: String) throws(SystemError) {
        path = Self.path(runDirectory)
        socket = try UnixSocket.listen(at: path)
    }

    var number: CInt { socket.rawValue }

    /// The next connection of the supervisor's own user; nil where none waits.
    func accept() -> CInt? {
        while let (connection, user) = UnixSocket.accept(socket.rawValue) {
            if user == geteuid() { return connection }
            close(connection)
        }
        return nil
    }

    /// Stops listening: who connects from now on is refused, and who waited is told that nobody is there.
    consuming func close() { unlink(path) }

    private func close(_ number: CInt) { Glibc.close(number) }
}

/// A client's connection to a supervisor.
package struct ControlConnection: ~Copyable {
    let socket: FileDescriptor

    /// The most bytes of a request that travel in a packet; a larger one goes in a file.
    private static let largestPacket = 32 << 10
    /// The most bytes of a request: more than execve(2) takes.
    static let largestRequest = 8 << 20

    /// Connects to the supervisor of the container whose run directory is given, and sends `request`; nil where no
    /// supervisor listens. Throws `SystemError`.
    package init?(runDirectory: String, _ request: ControlRequest) throws(SystemError) {
        var connection: FileDescriptor?
        do throws(SystemError) {
            let open = try UnixSocket.connect(.packets, to: ControlListener.path(runDirectory))
            try Self.send(request, to: open.rawValue)
            connection = consume open
        } catch {
            let absent: [Errno] = [.noEntry, .notDirectory, Errno(ECONNREFUSED), .brokenPipe, Errno(ECONNRESET)]
            guard absent.contains(error.errno) else { throw error }
        }
        guard let connection else { return nil }
        socket = connection
    }

    /// The next frame within `milliseconds` (negative: for ever); nil at the end. Throws EAGAIN where none came, and
    /// ECANCELED when `stop` holds.
    package func receive(
        milliseconds: CInt = -1, stop: StopConditions = StopConditions()
    ) throws(SystemError) -> AttachFrame? {
        var poll = PollSet()
        let answer = poll.add(socket.rawValue)
        let places = stop.watch(in: &poll)
        guard try poll.wait(milliseconds: milliseconds) else { throw SystemError("recv", nil, .again) }
        guard poll.isReadable(answer) || !stop.hold(places, poll) else {
            throw SystemError("recv", nil, Errno(ECANCELED))
        }
        return AttachChannel.receive(from: socket.rawValue)
    }

    /// Gives the socket away, for a session on it.
    package consuming func takeSocket() -> FileDescriptor { socket }

    private static func send(_ request: ControlRequest, to socket: CInt) throws(SystemError) {
        var encoder = WireEncoder()
        encoder.write(request)
        let bytes = encoder.bytes
        guard bytes.count > largestPacket else { return try PacketSocket.send(bytes, to: socket) }
        let file = try MemoryFile.create("apus-request", bytes)
        // An empty packet would be the end of the connection.
        try PacketSocket.send([0], attachment: file.rawValue, to: socket)
    }
}

/// The request that opens a connection, as the supervisor reads it.
enum ControlReception {
    case request(ControlRequest)
    /// Bytes that are none: of a program of another version.
    case unreadable
    /// The connection has ended.
    case end

    /// Reads the first packet of `connection`, which is there already.
    static func read(from connection: CInt) -> ControlReception {
        guard var packet = PacketSocket.receive(from: connection) else { return .end }
        var bytes = packet.bytes
        if let file = packet.attachment.take() {
            guard let content = try? content(of: file) else { return .unreadable }
            bytes = content
        }
        var decoder = WireDecoder(bytes)
        guard let request = try? decoder.read(ControlRequest.self), (try? decoder.finish()) != nil else {
            return .unreadable
        }
        return .request(request)
    }

    private static func content(of file: borrowing FileDescriptor) throws(SystemError) -> [UInt8] {
        let number = file.rawValue
        try check("lseek") { lseek(number, 0, SEEK_SET) }
        return try file.readAll(limit: ControlConnection.largestRequest)
    }
}
