import Glibc
import Linux
import Synchronization

@testable import Cgroups

/// A stand-in for systemd's manager, on a thread: it takes one call of StartTransientUnit and answers as it is told.
final class FakeSystemd: Sendable {
    enum Answer: Sendable {
        case done, failed, hangUp
        case error(String)
    }

    private let thread: pthread_t
    private let result: Box

    private final class Box: Sendable {
        let call = Mutex<BusMessage?>(nil)
    }

    private final class Work {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    /// Listens at `path` for one peer.
    convenience init(listeningAt path: String, answer: Answer) throws(SystemError) {
        let listener = try Self.listen(at: path)
        self.init { call in
            let number = try check("accept") { accept(listener, nil, nil) }
            close(listener)
            unlink(path)
            var connection = BusConnection(FileDescriptor(owning: number), isBus: false)
            try connection.authenticateAsServer()
            try Self.answer(&connection, answer, call)
        }
    }

    /// Owns systemd's name on the bus at `path`.
    convenience init(onBus path: String, answer: Answer) throws(CgroupError) {
        var connection = try BusConnection.open(path)
        _ = try connection.call(
            .call(
                "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                [.string("org.freedesktop.systemd1"), .uint32(0)]), deadline: Deadline(seconds: 20))
        let number = dup(connection.socket.rawValue)
        self.init { call in
            var connection = BusConnection(FileDescriptor(owning: number), isBus: false)
            connection.isAuthenticated = true
            try Self.answer(&connection, answer, call)
        }
    }

    private init(_ body: @escaping (Box) throws -> Void) {
        let box = Box()
        let work = Work { try? body(box) }
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(work).toOpaque())
        self.thread = thread
        result = box
    }

    /// Waits until it has answered; the call that it got.
    func finish() -> BusMessage? {
        pthread_join(thread, nil)
        return result.call.withLock { $0 }
    }

    private static func answer(_ connection: inout BusConnection, _ answer: Answer, _ box: Box) throws {
        while true {
            let call = try connection.next(Deadline(seconds: 20))
            guard call.kind == .methodCall, call.member == "StartTransientUnit" else { continue }
            box.call.withLock { $0 = call }
            var reply = BusMessage(.methodReturn)
            reply.replySerial = call.serial
            reply.destination = call.sender
            switch answer {
            case .hangUp: return
            case .error(let text):
                reply.kind = .error
                reply.errorName = "org.freedesktop.DBus.Error.Failed"
                reply.body = [.string(text)]
                _ = try connection.send(reply)
            case .done, .failed:
                // The signal may come before the answer that says which job it is about.
                for (job, result) in [("/other", "failed"), ("/job", "\(answer)")] {
                    var signal = BusMessage(.signal)
                    signal.path = "/org/freedesktop/systemd1"
                    signal.interface = "org.freedesktop.systemd1.Manager"
                    signal.member = "JobRemoved"
                    signal.destination = call.sender
                    signal.body = [.uint32(1), .objectPath(job), .string("x.scope"), .string(result)]
                    _ = try connection.send(signal)
                }
                reply.body = [.objectPath("/job")]
                _ = try connection.send(reply)
            }
            return
        }
    }
}

extension FakeSystemd {
    fileprivate static func listen(at path: String) throws(SystemError) -> CInt {
        let number = try check("socket") { socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        try check("bind") {
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        try check("listen") { Glibc.listen(number, 1) }
        return number
    }
}

extension BusConnection {
    /// The server's side of the authentication: every name is right, and the client sends ahead.
    fileprivate mutating func authenticateAsServer() throws {
        var line = ""
        while line != "BEGIN" {
            line = try readLine(Deadline(seconds: 20)).filter { $0 != "\0" }
            if line.hasPrefix("AUTH") { try send(raw: Array("DATA\r\n".utf8)) }
            if line.hasPrefix("DATA") { try send(raw: Array("OK 0123456789abcdef0123456789abcdef\r\n".utf8)) }
        }
        isAuthenticated = true
    }
}
