import Addresses
import Glibc
import Linux

/// A question on its way to the upstream servers, one after the other: each gets it from a socket and with a number of its own.
final class ForwardedQuery: ReactorClient {
    private let reactor: Reactor
    let query: DNSQuery
    private let servers: [SocketAddress]
    private let byStream: Bool
    private var next = 0
    // Those that have not answered yet, and the number of the question that each got.
    private var asked: [(socket: CInt, number: UInt16)] = []
    private var timer: Reactor.Timer?
    private var stream = DNSStreamBuffer()
    private var unsent: [UInt8] = []
    // What a server that would not answer has said: for the client, where no other server does better.
    private var refusal: [UInt8]?
    private var completion: (([UInt8]?) -> Void)?

    /// After how long the next server is asked, too, and for how long all are waited for then, in milliseconds: an answer to any
    /// of the questions counts.
    private static let patience: Int64 = 2000
    private static let lastPatience: Int64 = 4000

    /// `completion` is called once: with an answer that `query` accepts, or nil where there is none.
    init(
        _ reactor: Reactor, _ query: DNSQuery, to servers: [SocketAddress], byStream: Bool,
        _ completion: @escaping ([UInt8]?) -> Void
    ) {
        self.reactor = reactor
        self.query = query
        // A datagram may be lost: a server that is the only one is asked twice.
        self.servers = servers.count == 1 && !byStream ? servers + servers : servers
        self.byStream = byStream
        self.completion = completion
    }

    /// Asks the next server; completes without an answer where there is none, and nobody else is waited for.
    func advance() {
        if let timer { reactor.cancel(timer) }
        while next < servers.count {
            let server = servers[next]
            next += 1
            do throws(SystemError) { try ask(server) } catch { continue }
            let patience = next < servers.count ? Self.patience : Self.lastPatience
            timer = reactor.after(milliseconds: patience) { [weak self] in self?.advance() }
            return
        }
        finish(refusal)
    }

    // One of those that were asked has no answer.
    private func giveUp(_ socket: CInt) {
        leave(socket)
        if next < servers.count || asked.isEmpty { advance() }
    }

    /// Ends without a completion.
    func cancel() {
        drop()
        completion = nil
    }

    private func ask(_ server: SocketAddress) throws(SystemError) {
        let number = UInt16.random(in: .min ... .max)
        var message = query.bytes
        DNSMessage.setNumber(number, in: &message)
        let open = try InternetSocket.make(byStream ? SOCK_STREAM : SOCK_DGRAM, v4: server.address.isV4)
        _ = try InternetSocket.connect(open.rawValue, to: server)
        if byStream {
            // One at a time: whoever has taken the question answers, or closes the connection.
            drop()
            unsent = DNSStreamBuffer.prefix(message.count) + message
        } else {
            let socket = open.rawValue
            let sent = message.withUnsafeBytes { bytes -> Result<Void, SystemError> in
                do throws(SystemError) { return .success(try InternetSocket.send(socket, bytes, to: nil)) } catch {
                    return .failure(error)
                }
            }
            try sent.get()
        }
        try reactor.watch(open.rawValue, byStream ? [.writable] : [.readable], self)
        asked.append((open.release(), number))
    }

    func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        guard let place = asked.firstIndex(where: { $0.socket == descriptor }) else { return }
        if byStream { exchange(asked[place]) } else { receive(asked[place]) }
    }

    // Datagrams that are no answer are passed over: they may be anybody's.
    private func receive(_ one: (socket: CInt, number: UInt16)) {
        for _ in 0..<16 {
            switch DNSDatagram.receive(from: one.socket) {
            case .datagram(let bytes, _):
                if query.accepts(bytes, number: one.number) { return take(bytes, from: one.socket) }
            case .nothing: return
            // The server's machine, or one before it, has said that it is not there.
            case .failure: return giveUp(one.socket)
            }
        }
    }

    private func exchange(_ one: (socket: CInt, number: UInt16)) {
        if !unsent.isEmpty {
            guard InternetSocket.pendingError(one.socket) == nil else { return giveUp(one.socket) }
            let count = unsent.withUnsafeBytes { send(one.socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count >= 0 else {
                let errno = Errno.current
                return errno == .again || errno == .interrupted ? () : giveUp(one.socket)
            }
            unsent.removeFirst(count)
            guard unsent.isEmpty else { return }
            do throws(SystemError) { try reactor.rewatch(one.socket, [.readable]) } catch { giveUp(one.socket) }
            return
        }
        let isOpen = stream.fill(from: one.socket)
        while let message = stream.next() {
            if query.accepts(message, number: one.number) { return take(message, from: one.socket) }
        }
        if !isOpen { giveUp(one.socket) }
    }

    private func take(_ answer: [UInt8], from socket: CInt) {
        let code = UInt16(answer[3] & 15)
        guard code == DNSMessage.Code.serverFailure.rawValue || code == DNSMessage.Code.refused.rawValue else {
            return finish(answer)
        }
        refusal = answer
        // Asking the only server once more would get the same.
        if servers.count == 2, servers[0] == servers[1] { next = 2 }
        giveUp(socket)
    }

    private func finish(_ answer: [UInt8]?) {
        drop()
        let completion = completion
        self.completion = nil
        completion?(answer)
    }

    private func leave(_ socket: CInt) {
        asked.removeAll { $0.socket == socket }
        reactor.unwatch(socket)
        close(socket)
    }

    private func drop() {
        if let timer { reactor.cancel(timer) }
        timer = nil
        for one in asked { leave(one.socket) }
        stream = DNSStreamBuffer()
    }
}
