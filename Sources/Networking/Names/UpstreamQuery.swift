import Addresses
import Glibc
import Linux

/// A question on its way to the servers, one after the other, until one of them has answered.
final class UpstreamQuery: ReactorClient {
    private let resolver: Resolver
    private let question: DNSQuestion
    private let message: [UInt8]
    private let servers: [SocketAddress]
    private let isStream: Bool
    private let reply: ([UInt8]?) -> Void
    private var attempt = 0
    private var socket: FileDescriptor?
    private var id: UInt16 = 0
    private var timer: Reactor.Timer?
    // Of TCP: what is still to be sent, and what has come.
    private var output: [UInt8] = []
    private var input: [UInt8] = []
    // What a server said that could not answer: better than nothing.
    private var lastWord: [UInt8]?

    // In milliseconds, for each server (RES_TIMEOUT is 5 s, resolv.conf(5)), and how often each is asked.
    private static let patience: Int64 = 2_500
    private static let rounds = 2

    init(
        _ resolver: Resolver, _ question: DNSQuestion, _ message: [UInt8], _ servers: [SocketAddress], isStream: Bool,
        _ reply: @escaping ([UInt8]?) -> Void
    ) {
        self.resolver = resolver
        self.question = question
        self.message = message
        self.servers = servers
        self.isStream = isStream
        self.reply = reply
    }

    func begin() { tryNext() }

    private func tryNext() {
        stop()
        while attempt < servers.count * Self.rounds {
            let server = servers[attempt % servers.count]
            attempt += 1
            do throws(SystemError) {
                try ask(server)
                timer = resolver.reactor.after(milliseconds: Self.patience) { self.tryNext() }
                return
            } catch { stop() }
        }
        finish(lastWord)
    }

    private func ask(_ server: SocketAddress) throws(SystemError) {
        // Another number and another port for each: who does not see the question cannot answer it (RFC 5452).
        id = UInt16.random(in: 0 ... .max)
        var query = message
        (query[0], query[1]) = (UInt8(id >> 8), UInt8(id & 255))
        let made = try InternetSocket.make(isStream ? SOCK_STREAM : SOCK_DGRAM, v4: server.address.isV4)
        _ = try InternetSocket.connect(made.rawValue, to: server)
        let number = made.rawValue
        socket = consume made
        input = []
        if isStream {
            output = [UInt8(query.count >> 8), UInt8(query.count & 255)] + query
            try resolver.reactor.watch(number, [.readable, .writable], self)
        } else {
            output = []
            try resolver.reactor.watch(number, .readable, self)
            var failure: SystemError?
            query.withUnsafeBytes { bytes in
                do throws(SystemError) { try InternetSocket.send(number, bytes, to: nil) } catch { failure = error }
            }
            if let failure { throw failure }
        }
    }

    func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        if isStream { moveStream(descriptor, events) } else { takeDatagrams(descriptor) }
    }

    private func takeDatagrams(_ descriptor: CInt) {
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { room in
            while true {
                do throws(SystemError) {
                    guard let (count, _) = try InternetSocket.receive(descriptor, into: room) else { return }
                    if take(Array(room[..<count])) { return }
                } catch {
                    // Nobody listens there.
                    return tryNext()
                }
            }
        }
    }

    private func moveStream(_ descriptor: CInt, _ events: Epoll.Events) {
        if events.contains(.failed) { return tryNext() }
        if events.contains(.writable), !output.isEmpty {
            let sent = output.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
            }
            if sent > 0 { output.removeFirst(sent) } else if Errno.current != .again { return tryNext() }
            if output.isEmpty { try? resolver.reactor.rewatch(descriptor, .readable) }
        }
        guard events.contains(.readable) else { return }
        var count = 0
        withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 16) { room in
            count = recv(descriptor, room.baseAddress, room.count, CInt(MSG_DONTWAIT))
            if count > 0 { input += room[..<count] }
        }
        if count == 0 || count < 0 && Errno.current != .again { return tryNext() }
        guard input.count >= 2 else { return }
        let length = Int(input[0]) << 8 | Int(input[1])
        guard input.count >= 2 + length else { return }
        if !take(Array(input[2..<(2 + length)])) { tryNext() }
    }

    // False for what is no answer to this question.
    private func take(_ answer: [UInt8]) -> Bool {
        guard question.isAnswered(by: answer[...], id: id), let reader = DNSReader(answer[...]) else { return false }
        var answer = answer
        (answer[0], answer[1]) = (UInt8(question.id >> 8), UInt8(question.id & 255))
        // SERVFAIL, NOTIMP, REFUSED: another server may know.
        if [2, 4, 5].contains(reader.code), attempt < servers.count * Self.rounds {
            lastWord = answer
            tryNext()
            return true
        }
        tell(reader)
        finish(answer)
        return true
    }

    private func tell(_ reader: DNSReader) {
        guard let policy = resolver.policy else { return }
        var addresses: [IPAddress] = []
        var seconds = 0
        for record in reader.records(from: question.head.count) {
            let isAddress =
                record.type == DNSQuestion.Kind.a && record.data.count == 4
                || record.type == DNSQuestion.Kind.aaaa && record.data.count == 16
            guard isAddress, record.domainClass == 1, let address = IPAddress(bytes: record.data) else { continue }
            addresses.append(address)
            seconds = max(seconds, Int(record.seconds))
        }
        if !addresses.isEmpty { policy.learn(question.name.lowercased, addresses, seconds: seconds) }
    }

    private func stop() {
        if let timer { resolver.reactor.cancel(timer) }
        timer = nil
        if let number = socket.number { resolver.reactor.unwatch(number) }
        socket = nil
    }

    private func finish(_ answer: [UInt8]?) {
        stop()
        reply(answer)
    }
}
