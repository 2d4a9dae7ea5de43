package import Addresses
import Glibc
package import Linux

/// Who knows the names of containers.
package protocol NameSource: AnyObject {
    /// The addresses of a name in lower case without a dot behind it; nil where it is nobody's.
    func addresses(of name: String) -> [IPAddress]?
    /// The name that an address has; nil where it is nobody's.
    func name(of address: IPAddress) -> String?
}

/// Who says which names may be asked for, and hears what they are.
package protocol NamePolicy: AnyObject {
    func permits(name: String) -> Bool
    func learn(_ name: String, _ addresses: [IPAddress], seconds: Int)
}

extension GateContext: NamePolicy {}

/// The resolver of one container: names of containers are answered at once, others by the host's servers.
package final class Resolver: ReactorClient {
    let reactor: Reactor
    let upstream: UpstreamList
    let policy: (any NamePolicy)?
    private let udp: CInt
    private let tcp: CInt
    private let names: any NameSource
    private var rotation = 0
    private(set) var inFlight = 0
    private var streams = 0

    // Of one container at one time.
    private static let mostQueries = 256
    private static let mostStreams = 64
    // What a datagram of ours has at most: more does not pass every network in one piece.
    private static let largestDatagram = 4096

    /// Answers what comes to `udp` and `tcp`, sockets in the container's network namespace, the latter listening, which stay
    /// open as long as the reactor runs. Throws `SystemError`.
    package init(
        _ reactor: Reactor, udp: CInt, tcp: CInt, names: any NameSource, servers: UpstreamServers,
        policy: (any NamePolicy)?
    ) throws(SystemError) {
        self.reactor = reactor
        self.udp = udp
        self.tcp = tcp
        self.names = names
        self.policy = policy
        upstream = UpstreamList(servers)
        try reactor.watch(udp, .readable, self)
        try reactor.watch(tcp, .readable, self)
    }

    package func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        if descriptor == udp { takeDatagrams() } else { takeStreams() }
    }

    private func takeDatagrams() {
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { room in
            for _ in 0..<64 {
                guard let (count, sender) = (try? InternetSocket.receive(udp, into: room)) ?? nil else { return }
                resolve(Array(room[..<count]), isStream: false) { [udp] answer in
                    answer.withUnsafeBytes { bytes in try? InternetSocket.send(udp, bytes, to: sender) }
                }
            }
        }
    }

    private func takeStreams() {
        for _ in 0..<16 {
            guard let (number, _) = (try? InternetSocket.accept(tcp)) ?? nil else { return }
            guard streams < Self.mostStreams else {
                close(number)
                continue
            }
            streams += 1
            let stream = ResolverStream(self, FileDescriptor(owning: number)) { self.streams -= 1 }
            stream.begin()
        }
    }

    /// Calls `reply` with the answer to `message`, now or later, or not at all where it is no question.
    func resolve(_ message: [UInt8], isStream: Bool, _ reply: @escaping ([UInt8]) -> Void) {
        guard let question = DNSQuestion(message[...]) else { return malformed(message, reply) }
        let limit = isStream ? 65_535 : min(Int(question.payloadSize ?? 512), Self.largestDatagram)
        // Only a plain question for names of the internet can be ours.
        if question.flags & 0x7800 == 0, question.domainClass == 1, let answer = local(question, limit) {
            return reply(answer)
        }
        let name = question.name.lowercased
        if let policy, !policy.permits(name: name) { return reply(DNSAnswer.error(.refused, to: question)) }
        guard inFlight < Self.mostQueries else { return reply(DNSAnswer.error(.failed, to: question)) }
        let servers = upstream.current()
        guard !servers.isEmpty else { return reply(DNSAnswer.error(.failed, to: question)) }
        inFlight += 1
        let query = UpstreamQuery(self, question, message, servers, isStream: isStream) { answer in
            self.inFlight -= 1
            reply(answer ?? DNSAnswer.error(.failed, to: question))
        }
        query.begin()
    }

    private func malformed(_ message: [UInt8], _ reply: ([UInt8]) -> Void) {
        // An answer, or too short to be told apart from noise, gets none: two resolvers could go on for ever.
        guard let reader = DNSReader(message[...]), reader.flags & 0x8000 == 0 else { return }
        var answer = Array(message.prefix(12))
        (answer[2], answer[3]) = (0x80 | answer[2] & 0x79, 0x80 | UInt8(DNSAnswer.Code.malformed.rawValue))
        for place in 4..<12 { answer[place] = 0 }
        reply(answer)
    }

    // nil where the question is about nobody we know.
    private func local(_ question: DNSQuestion, _ limit: Int) -> [UInt8]? {
        if question.type == DNSQuestion.Kind.pointer, let address = question.name.reversed {
            return names.name(of: address).map { DNSAnswer.pointer($0, to: question, limit: limit) }
        }
        guard let known = names.addresses(of: question.name.lowercased) else { return nil }
        var addresses: [IPAddress] = []
        for address in known where question.type == (address.isV4 ? DNSQuestion.Kind.a : DNSQuestion.Kind.aaaa) {
            addresses.append(address)
        }
        if addresses.count > 1 {
            // Whoever takes the first takes another one each time.
            rotation = (rotation &+ 1) & 0xffff
            let place = rotation % addresses.count
            addresses = Array(addresses[place...] + addresses[..<place])
        }
        return DNSAnswer.addresses(addresses, to: question, limit: limit)
    }
}

/// A client of a resolver that asks by TCP: questions with their lengths before them (RFC 7766).
private final class ResolverStream: ReactorClient {
    private let resolver: Resolver
    private let socket: FileDescriptor
    private let left: () -> Void
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var asked = 0
    private var hasEnded = false
    private var isClosed = false
    private var timer: Reactor.Timer?

    // In milliseconds.
    private static let patience: Int64 = 10_000
    // Questions of one client that are not answered yet, and answers that it does not take.
    private static let mostAsked = 32
    private static let mostOutput = 256 << 10

    init(_ resolver: Resolver, _ socket: consuming FileDescriptor, left: @escaping () -> Void) {
        self.resolver = resolver
        self.socket = socket
        self.left = left
    }

    func begin() {
        do throws(SystemError) {
            try resolver.reactor.watch(socket.rawValue, .readable, self)
            wait()
        } catch { leave() }
    }

    private func wait() {
        if let timer { resolver.reactor.cancel(timer) }
        timer = resolver.reactor.after(milliseconds: Self.patience) { self.leave() }
    }

    func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        if events.contains(.writable) { flush() }
        guard !isClosed, events.contains(.readable) else { return }
        var count = 0
        withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 16) { room in
            count = recv(descriptor, room.baseAddress, room.count, CInt(MSG_DONTWAIT))
            if count > 0 { input += room[..<count] }
        }
        if count < 0 { return Errno.current == .again ? () : leave() }
        if count == 0 { hasEnded = true }
        wait()
        ask()
        settle()
    }

    private func ask() {
        while input.count >= 2, asked < Self.mostAsked {
            let length = Int(input[0]) << 8 | Int(input[1])
            guard input.count >= 2 + length else { return }
            let message = Array(input[2..<(2 + length)])
            input.removeFirst(2 + length)
            asked += 1
            resolver.resolve(message, isStream: true) { self.answer($0) }
        }
    }

    private func answer(_ bytes: [UInt8]) {
        asked -= 1
        guard !isClosed, bytes.count <= 65_535 else { return }
        output += [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
        guard output.count <= Self.mostOutput else { return leave() }
        flush()
    }

    private func flush() {
        while !output.isEmpty, !isClosed {
            let sent = output.withUnsafeBytes {
                send(socket.rawValue, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
            }
            guard sent > 0 else {
                if Errno.current == .again { break }
                return leave()
            }
            output.removeFirst(sent)
        }
        if !isClosed { ask() }
        settle()
    }

    private func settle() {
        guard !isClosed else { return }
        if hasEnded, output.isEmpty, asked == 0 { return leave() }
        let events: Epoll.Events = hasEnded ? [] : .readable
        try? resolver.reactor.rewatch(socket.rawValue, output.isEmpty ? events : events.union(.writable))
    }

    private func leave() {
        guard !isClosed else { return }
        isClosed = true
        if let timer { resolver.reactor.cancel(timer) }
        resolver.reactor.unwatch(socket.rawValue)
        shutdown(socket.rawValue, CInt(SHUT_RDWR))
        left()
    }
}
