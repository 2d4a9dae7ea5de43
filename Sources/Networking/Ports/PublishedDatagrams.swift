import Addresses
import Glibc
package import Linux

/// A published port of UDP: to each client belongs a socket that the container sees as the client's.
package final class PublishedDatagrams: ReactorClient {
    private let reactor: Reactor
    private let socket: CInt
    private let target: PublishedTarget
    private let transparent: TransparentSockets
    private let buffer = SharedBuffer()
    private var byClient: [Key: Client] = [:]
    private var isSweeping = false

    // A client, and which of the machine's addresses it asked.
    private struct Key: Hashable {
        let client: SocketAddress
        let own: SocketAddress?
    }

    private final class Client: ReactorClient {
        let owner: PublishedDatagrams
        let key: Key
        let inside: CInt
        var lastUse = MonotonicTime.now()
        var isAnswered = false

        init(_ owner: PublishedDatagrams, _ key: Key, inside: CInt) {
            self.owner = owner
            self.key = key
            self.inside = inside
        }

        func ready(_ descriptor: CInt, _ events: Epoll.Events) { owner.answer(self) }
    }

    private static let most = 4096
    // In milliseconds.
    private static let unanswered: Int64 = 60_000
    private static let answered: Int64 = 180_000
    private static let interval: Int64 = 10_000

    /// Serves the clients of `socket`, which is told where its datagrams were sent to, and stays open as long as the reactor
    /// runs. Throws `SystemError`.
    package init(
        _ reactor: Reactor, socket: CInt, _ target: PublishedTarget, _ transparent: TransparentSockets
    ) throws(SystemError) {
        self.reactor = reactor
        self.socket = socket
        self.target = target
        self.transparent = transparent
        try reactor.watch(socket, .readable, self)
    }

    /// Datagrams of clients have come.
    package func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        let room = buffer.bytes(reactor)
        for _ in 0..<64 {
            guard let (count, sender, own) = (try? InternetSocket.receiveWithDestination(socket, into: room)) ?? nil
            else {
                return
            }
            let key = Key(client: sender, own: own)
            guard let client = byClient[key] ?? welcome(key) else { continue }
            client.lastUse = .now()
            let datagram = UnsafeRawBufferPointer(rebasing: room[..<count])
            // One that cannot be sent is lost, as on any network.
            try? InternetSocket.send(client.inside, datagram, to: nil)
        }
    }

    private func welcome(_ key: Key) -> Client? {
        if byClient.count >= Self.most { dropOldest() }
        do throws(SystemError) {
            let inside = FileDescriptor(owning: try transparent.take(SOCK_DGRAM, v4: target.address.address.isV4))
            let presented = target.presented(key.client)
            do throws(SystemError) { try InternetSocket.bind(inside.rawValue, to: presented) } catch {
                guard error.errno == Errno(EADDRINUSE) else { throw error }
                try InternetSocket.bind(inside.rawValue, to: SocketAddress(presented.address, port: 0))
            }
            _ = try InternetSocket.connect(inside.rawValue, to: target.address)
            let client = Client(self, key, inside: inside.rawValue)
            try reactor.watch(inside.rawValue, .readable, client)
            _ = inside.release()
            byClient[key] = client
            sweepLater()
            return client
        } catch { return nil }
    }

    private func answer(_ client: Client) {
        let room = buffer.bytes(reactor)
        for _ in 0..<64 {
            do throws(SystemError) {
                guard let (count, _) = try InternetSocket.receive(client.inside, into: room) else { return }
                client.lastUse = .now()
                client.isAnswered = true
                let datagram = UnsafeRawBufferPointer(rebasing: room[..<count])
                if let own = client.key.own {
                    try InternetSocket.send(socket, datagram, to: client.key.client, from: own)
                } else {
                    try InternetSocket.send(socket, datagram, to: client.key.client)
                }
            } catch { if error.errno == .again { return } }
        }
    }

    private func sweepLater() {
        guard !isSweeping else { return }
        isSweeping = true
        reactor.after(milliseconds: Self.interval) {
            self.isSweeping = false
            let now = MonotonicTime.now()
            for client in Array(self.byClient.values) {
                if now - client.lastUse > (client.isAnswered ? Self.answered : Self.unanswered) { self.end(client) }
            }
            if !self.byClient.isEmpty { self.sweepLater() }
        }
    }

    private func dropOldest() {
        var oldest: Client?
        for client in byClient.values where oldest.map({ client.lastUse < $0.lastUse }) ?? true { oldest = client }
        if let oldest { end(oldest) }
    }

    private func end(_ client: Client) {
        byClient[client.key] = nil
        reactor.unwatch(client.inside)
        close(client.inside)
    }
}
