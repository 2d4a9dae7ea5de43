import Bytes
import Glibc
import Linux

/// A connection to a message bus, or to a single peer that speaks its protocol, over a unix socket.
///
/// Everything is sent ahead of its answers: authentication, the greeting and the first calls go in one packet, so that
/// they cost the caller a few microseconds until it wants to know.
struct BusConnection: ~Copyable {
    let socket: FileDescriptor
    /// Whether there is a bus between, which wants to be greeted and needs destinations.
    let isBus: Bool
    private var received: [UInt8] = []
    var isAuthenticated = false
    private var serial: UInt32 = 0

    /// A connection that is there already.
    init(_ socket: consuming FileDescriptor, isBus: Bool) {
        self.socket = socket
        self.isBus = isBus
    }

    /// Connects to `address`, a path or "@" and an abstract name, and sends what comes first.
    static func open(_ address: String) throws(CgroupError) -> BusConnection {
        var connection = BusConnection(try connected(address), isBus: !address.ends(with: "/private"))
        // The one mechanism that needs no secret: the kernel tells who we are. No name is given, because ours may be
        // another one in a user namespace.
        try connection.send(raw: [0] + Array("AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n".utf8))
        if connection.isBus {
            _ = try connection.send(
                .call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello"))
        }
        return connection
    }

    private static func connected(_ address: String) throws(CgroupError) -> FileDescriptor {
        do throws(SystemError) {
            return try UnixSocket.connect(.stream, to: address)
        } catch { throw .systemd("cannot reach systemd: \(error)") }
    }

    /// Sends bytes that are no message: a line of the authentication.
    func send(raw bytes: [UInt8]) throws(CgroupError) {
        do throws(SystemError) { try socket.writeAll(bytes) } catch {
            throw .systemd("cannot talk to systemd: \(error)")
        }
    }

    /// Sends a message and returns its serial number.
    mutating func send(_ message: BusMessage) throws(CgroupError) -> UInt32 {
        serial += 1
        var message = message
        message.serial = serial
        try send(raw: message.encoded())
        return serial
    }

    /// Calls a method and waits for its answer, at most until `deadline`. Throws its error. Signals are passed over.
    mutating func call(_ message: BusMessage, deadline: Deadline) throws(CgroupError) -> [BusValue] {
        let serial = try send(message)
        while true {
            let answer = try next(deadline)
            guard answer.replySerial == serial else { continue }
            if answer.kind == .error { throw .systemd("systemd refuses \(message.member ?? ""): \(answer.errorText)") }
            return answer.body
        }
    }

    /// The next message. Throws when `deadline` is over.
    mutating func next(_ deadline: Deadline) throws(CgroupError) -> BusMessage {
        while true {
            if !isAuthenticated { try authenticate(deadline) }
            do throws(BusReader.Malformed) {
                if let length = try BusMessage.length(received), received.count >= length {
                    let bytes = Array(received[..<length])
                    received.removeFirst(length)
                    if let message = try BusMessage.decode(bytes) { return message }
                    continue
                }
            } catch { throw .systemd("systemd's answer is no message of D-Bus") }
            try receive(deadline)
        }
    }

    // The server answers each line: DATA to the mechanism without a name, OK to the empty name.
    private mutating func authenticate(_ deadline: Deadline) throws(CgroupError) {
        while !isAuthenticated {
            let line = try readLine(deadline)
            if line.begins(with: "OK") {
                isAuthenticated = true
            } else if !line.begins(with: "DATA") {
                throw .systemd("systemd does not take us for who we are: \(line)")
            }
        }
    }

    /// The next line of the authentication, without its end.
    mutating func readLine(_ deadline: Deadline) throws(CgroupError) -> String {
        while true {
            if let end = received.firstIndex(of: 10) {
                defer { received.removeFirst(end + 1) }
                return String(decoding: received[..<end].filter { $0 != 13 }, as: UTF8.self)
            }
            guard received.count < 16384 else { throw .systemd("systemd's answer is no line of D-Bus") }
            try receive(deadline)
        }
    }

    private mutating func receive(_ deadline: Deadline) throws(CgroupError) {
        var poll = PollSet()
        poll.add(socket.rawValue)
        do throws(SystemError) {
            guard try poll.wait(milliseconds: deadline.milliseconds) else {
                throw SystemError("recv", nil, Errno(ETIMEDOUT))
            }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let number = socket.rawValue
            let got = try check("recv") { recv(number, &chunk, chunk.count, 0) }
            guard got > 0 else { throw SystemError("recv", nil, Errno(ECONNRESET)) }
            received += chunk[..<got]
        } catch { throw .systemd("systemd does not answer: \(error.errno)") }
    }
}

/// A moment of the clock that cannot be set, until which something is waited for.
struct Deadline {
    private let nanoseconds: Int64

    init(seconds: Int) { nanoseconds = Self.now() + Int64(seconds) * 1_000_000_000 }

    /// What is left, for poll(2).
    var milliseconds: CInt { CInt(max(0, (nanoseconds - Self.now() + 999_999) / 1_000_000)) }

    var isOver: Bool { Self.now() >= nanoseconds }

    private static func now() -> Int64 {
        var value = timespec()
        clock_gettime(CLOCK_MONOTONIC, &value)
        return Int64(value.tv_sec) * 1_000_000_000 + Int64(value.tv_nsec)
    }
}
