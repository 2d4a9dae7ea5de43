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
    private var socket: CInt = -1
    private var number: UInt16 = 0
    private var timer: Reactor.Timer?
    private var stream = DNSStreamBuffer()
    private var unsent: [UInt8] = []
    // What a server that would not answer has said: for the client, where no other server does better.
    private var refusal: [UInt8]?
    private var completion: (([UInt8]?) -> Void)?

    /// For how long one server is waited for, in milliseconds.
    private static let patience: Int64 = 2000

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

    /// Asks the next server; completes without an answer where there is none.
    func advance() {
        drop()
        while next < servers.count {
            let server = servers[next]
            next += 1
            do throws(SystemError) {
                try ask(server)
                timer = reactor.after(milliseconds: Self.patience) { [weak self] in self?.advance() }
                return
            } catch { drop() }
        }
        finish(refusal)
    }

    /// Ends without a completion.
    func cancel() {
        drop()
        completion = nil
    }

    private func ask(_ server: SocketAddress) throws(SystemError) {
        number = .random(in: .min ... .max)
        unsent = byStream ? DNSStreamBuffer.prefix(query.bytes.count) + query.bytes : query.bytes
        if byStream {
            unsent[2] = UInt8(number >> 8)
            unsent[3] = UInt8(truncatingIfNeeded: number)
        } else {
            DNSMessage.setNumber(number, in: &unsent)
        }
        socket = try InternetSocket.make(byStream ? SOCK_STREAM : SOCK_DGRAM, v4: server.address.isV4).release()
        _ = try InternetSocket.connect(socket, to: server)
        try reactor.watch(socket, byStream ? [.writable] : [.readable], self)
        guard !byStream else { return }
        let socket = socket
        let sent = unsent.withUnsafeBytes { bytes -> Result<Void, SystemError> in
            do throws(SystemError) { return .success(try InternetSocket.send(socket, bytes, to: nil)) } catch {
                return .failure(error)
            }
        }
        try sent.get()
        unsent = []
    }

    func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        guard descriptor == socket else { return }
        if byStream { exchange(events) } else { receive() }
    }

    // Datagrams that are no answer are passed over: they may be anybody's.
    private func receive() {
        for _ in 0..<16 {
            switch DNSDatagram.receive(from: socket) {
            case .datagram(let bytes, _):
                if query.accepts(bytes, number: number) { return take(bytes) }
            case .nothing: return
            // The server's machine, or one before it, has said that it is not there.
            case .failure: return advance()
            }
        }
    }

    private func exchange(_ events: Epoll.Events) {
        if !unsent.isEmpty {
            guard InternetSocket.pendingError(socket) == nil else { return advance() }
            let count = unsent.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count >= 0 else {
                let errno = Errno.current
                return errno == .again || errno == .interrupted ? () : advance()
            }
            unsent.removeFirst(count)
            guard unsent.isEmpty else { return }
            do throws(SystemError) { try reactor.rewatch(socket, [.readable]) } catch { return advance() }
            return
        }
        let isOpen = stream.fill(from: socket)
        while let message = stream.next() {
            if query.accepts(message, number: number) { return take(message) }
        }
        if !isOpen { advance() }
    }

    private func take(_ answer: [UInt8]) {
        let code = UInt16(answer[3] & 15)
        guard code == DNSMessage.Code.serverFailure.rawValue || code == DNSMessage.Code.refused.rawValue else {
            return finish(answer)
        }
        refusal = answer
        // Asking the only server once more would get the same.
        if servers.count == 2, servers[0] == servers[1] { next = 2 }
        advance()
    }

    private func finish(_ answer: [UInt8]?) {
        drop()
        let completion = completion
        self.completion = nil
        completion?(answer)
    }

    private func drop() {
        if let timer { reactor.cancel(timer) }
        timer = nil
        guard socket >= 0 else { return }
        reactor.unwatch(socket)
        close(socket)
        socket = -1
        stream = DNSStreamBuffer()
    }
}
