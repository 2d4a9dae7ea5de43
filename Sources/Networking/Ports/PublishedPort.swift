package import Addresses
import Glibc
package import Linux

/// Where what comes to a published port goes, and as whose.
package struct PublishedTarget: Sendable {
    /// The container's address on a bridge, and its port.
    package var address: SocketAddress
    /// The bridge's own address: whose a client is seen as that has none there.
    package var gateway: IPAddress
    /// The bridge's subnet.
    package var subnet: Subnet

    package init(address: SocketAddress, gateway: IPAddress, subnet: Subnet) {
        self.address = address
        self.gateway = gateway
        self.subnet = subnet
    }

    /// Whom the container sees where `client` asks: the client, unless that is the machine itself, speaks another version, or
    /// has an address that the container would look for on its own bridge.
    func presented(_ client: SocketAddress) -> SocketAddress {
        let plain = client.address.unmapped
        guard plain.isV4 == address.address.isV4, !plain.isLoopback, !plain.isLinkLocal,
            !subnet.contains(plain)
        else { return SocketAddress(gateway, port: 0) }
        return SocketAddress(plain, port: client.port)
    }

    /// Makes a transparent socket one that the container sees as `client`'s, connected to it, or on its way; it is closed where
    /// that fails.
    func connect(
        _ number: CInt, for client: SocketAddress
    ) throws(SystemError) -> (socket: CInt, isConnected: Bool) {
        let socket = FileDescriptor(owning: number)
        let presented = presented(client)
        do throws(SystemError) { try InternetSocket.bind(socket.rawValue, to: presented) } catch {
            // The same client has been here by the same port, on another of ours.
            guard error.errno == Errno(EADDRINUSE) else { throw error }
            try InternetSocket.bind(socket.rawValue, to: SocketAddress(presented.address, port: 0))
        }
        let isConnected = try InternetSocket.connect(socket.rawValue, to: address)
        return (socket.release(), isConnected)
    }
}

/// A published port of TCP: each client's connection is continued by one that the container sees as the client's.
package final class PublishedPort: ReactorClient {
    private let hub: RelayHub
    private let listener: CInt
    /// Where clients that come from now on are passed on to.
    package var target: PublishedTarget
    // The client's socket by the container's, while that is connecting.
    private var connecting: [CInt: CInt] = [:]

    /// In milliseconds: how long nobody is accepted where there is no descriptor for one.
    private static let pause: Int64 = 100

    /// Serves the clients of `listener`, which stays open as long as the reactor runs. Throws `SystemError`.
    package init(
        _ hub: RelayHub, listener: CInt, _ target: PublishedTarget
    ) throws(SystemError) {
        self.hub = hub
        self.listener = listener
        self.target = target
        try hub.reactor.watch(listener, .readable, self)
    }

    /// A client has come, or a connection to the container is there or refused.
    package func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        if descriptor == listener { accept() } else { settle(descriptor) }
    }

    private func accept() {
        for _ in 0..<64 {
            do throws(SystemError) {
                // First what it takes: a client that is accepted cannot wait any more.
                let v4 = target.address.address.isV4
                let socket = try hub.transparent.take(SOCK_STREAM, v4: v4)
                let client: (descriptor: CInt, peer: SocketAddress)?
                do throws(SystemError) { client = try InternetSocket.accept(listener) } catch {
                    hub.transparent.giveBack(socket, SOCK_STREAM, v4: v4)
                    throw error
                }
                guard let client else { return hub.transparent.giveBack(socket, SOCK_STREAM, v4: v4) }
                connect(client.descriptor, client.peer, by: socket)
            } catch {
                // What cannot be accepted stays, and would be told again at once.
                try? hub.reactor.rewatch(listener, [])
                hub.reactor.after(milliseconds: Self.pause) { try? self.hub.reactor.rewatch(self.listener, .readable) }
                return
            }
        }
    }

    private func connect(_ client: CInt, _ peer: SocketAddress, by socket: CInt) {
        do throws(SystemError) {
            let (socket, isConnected) = try target.connect(socket, for: peer)
            if isConnected { return hub.streams.join(client, socket) }
            do throws(SystemError) { try hub.reactor.watch(socket, .writable, self) } catch {
                close(socket)
                throw error
            }
            connecting[socket] = client
        } catch { StreamRelay.reset(client) }
    }

    private func settle(_ socket: CInt) {
        hub.reactor.unwatch(socket)
        guard let client = connecting.removeValue(forKey: socket) else { return }
        if InternetSocket.pendingError(socket) == nil {
            hub.streams.join(client, socket)
        } else {
            close(socket)
            StreamRelay.reset(client)
        }
    }
}
