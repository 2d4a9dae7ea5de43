import Addresses
import Glibc
package import Linux

/// A published port of UDP: to each client belongs a socket that the container sees as the client's.
package final class PublishedDatagrams: ReactorClient {
    private let hub: RelayHub
    private let socket: CInt
    /// Where clients that come from now on are passed on to.
    package var target: PublishedTarget
    private let clients: FlowTable<Key, Client>

    // A client, and which of the machine's addresses it asked.
    private struct Key: Hashable {
        let client: SocketAddress
        let own: SocketAddress?
    }

    private final class Client: DatagramFlow, ReactorClient {
        let owner: PublishedDatagrams
        let key: Key
        let inside: CInt

        init(_ owner: PublishedDatagrams, _ key: Key, inside: CInt) {
            self.owner = owner
            self.key = key
            self.inside = inside
            super.init(sockets: [inside])
        }

        func ready(_ descriptor: CInt, _ events: Epoll.Events) { owner.answer(self) }
    }

    /// Serves the clients of `socket`, which is told where its datagrams were sent to, and stays open as long as the reactor
    /// runs. Throws `SystemError`.
    package init(_ hub: RelayHub, socket: CInt, _ target: PublishedTarget) throws(SystemError) {
        self.hub = hub
        self.socket = socket
        self.target = target
        clients = FlowTable(hub.reactor, unanswered: 60_000)
        try hub.reactor.watch(socket, .readable, self)
    }

    /// Datagrams of clients have come.
    package func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        let room = hub.buffer.bytes()
        for _ in 0..<64 {
            guard let (count, sender, own) = (try? InternetSocket.receiveWithDestination(socket, into: room)) ?? nil
            else {
                return
            }
            let key = Key(client: sender, own: own)
            guard let client = clients.flow(key, make: { welcome(key) }) else { continue }
            client.use()
            let datagram = UnsafeRawBufferPointer(rebasing: room[..<count])
            // One that cannot be sent is lost, as on any network.
            try? InternetSocket.send(client.inside, datagram, to: nil)
        }
    }

    private func welcome(_ key: Key) -> Client? {
        do throws(SystemError) {
            let socket = try hub.transparent.take(SOCK_DGRAM, v4: target.address.address.isV4)
            let (inside, _) = try target.connect(socket, for: key.client)
            let client = Client(self, key, inside: inside)
            do throws(SystemError) { try hub.reactor.watch(inside, .readable, client) } catch {
                close(inside)
                throw error
            }
            return client
        } catch { return nil }
    }

    private func answer(_ client: Client) {
        let room = hub.buffer.bytes()
        for _ in 0..<64 {
            do throws(SystemError) {
                guard let (count, _) = try InternetSocket.receive(client.inside, into: room) else { return }
                client.use(isAnswer: true)
                let datagram = UnsafeRawBufferPointer(rebasing: room[..<count])
                if let own = client.key.own {
                    try InternetSocket.send(socket, datagram, to: client.key.client, from: own)
                } else {
                    try InternetSocket.send(socket, datagram, to: client.key.client)
                }
            } catch { if error.errno == .again { return } }
        }
    }
}
