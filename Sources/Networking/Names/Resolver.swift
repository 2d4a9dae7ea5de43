import Addresses
import Glibc
package import Linux

/// The name server of one container: answers for the names of its networks, and asks others for the rest.
package final class Resolver: ReactorClient {
    private let reactor: Reactor
    private let udp: CInt
    private let tcp: CInt
    private let names: any NameSource
    private let policy: (any NamePolicy)?
    private var servers: ServerList
    private var inFlight: [ObjectIdentifier: ForwardedQuery] = [:]
    private var streams: [ObjectIdentifier: NameStream] = [:]
    private var rotation = 0
    private var isClosed = false

    /// How many questions may be on their way to others.
    private static let queryLimit = 256
    /// How many connections clients may have.
    private static let streamLimit = 64

    /// Begins to serve on `udp`, which is bound, and `tcp`, which is bound and listens, both non-blocking: `close` closes
    /// them. Throws `SystemError` where they cannot be waited for; they are the caller's still, then.
    package init(
        _ reactor: Reactor, udp: CInt, tcp: CInt, names: any NameSource, servers: UpstreamServers,
        policy: (any NamePolicy)?
    ) throws(SystemError) {
        self.reactor = reactor
        self.udp = udp
        self.tcp = tcp
        self.names = names
        self.policy = policy
        self.servers = ServerList(servers)
        try reactor.watch(udp, [.readable], self)
        do throws(SystemError) { try reactor.watch(tcp, [.readable], self) } catch {
            reactor.unwatch(udp)
            throw error
        }
    }

    /// Ends the service, and closes both sockets and all connections. Until then the reactor keeps the resolver.
    package func close() {
        guard !isClosed else { return }
        isClosed = true
        for number in [udp, tcp] {
            reactor.unwatch(number)
            Glibc.close(number)
        }
        for (_, query) in inFlight { query.cancel() }
        inFlight = [:]
        for stream in Array(streams.values) { stream.end() }
    }

    /// Takes what waits in one of the two sockets: the reactor calls this.
    package func ready(_ descriptor: CInt, _ events: Epoll.Events) {
        guard !isClosed else { return }
        if descriptor == tcp { return accept() }
        for _ in 0..<32 {
            guard case .datagram(let bytes, let sender) = DNSDatagram.receive(from: udp) else { return }
            handle(bytes, byStream: false) { [weak self] answer in
                if let self, let answer { self.send(answer, to: sender) }
            }
        }
    }

    private func send(_ answer: [UInt8], to client: SocketAddress) {
        guard !isClosed else { return }
        answer.withUnsafeBytes { bytes in
            // One that does not get it asks again.
            do throws(SystemError) { try InternetSocket.send(udp, bytes, to: client) } catch {}
        }
    }

    private func accept() {
        do throws(SystemError) {
            for _ in 0..<16 {
                guard let (number, _) = try InternetSocket.accept(tcp) else { return }
                guard streams.count < Self.streamLimit else {
                    Glibc.close(number)
                    continue
                }
                do throws(SystemError) {
                    let stream = try NameStream(reactor, number, self)
                    streams[ObjectIdentifier(stream)] = stream
                } catch { Glibc.close(number) }
            }
        } catch {
            // Without descriptors the connection stays in the queue, and would be told again at once.
            reactor.unwatch(tcp)
            reactor.after(milliseconds: 1000) { [weak self] in self?.watchConnections() }
        }
    }

    private func watchConnections() {
        guard !isClosed else { return }
        do throws(SystemError) { try reactor.watch(tcp, [.readable], self) } catch {
            reactor.after(milliseconds: 1000) { [weak self] in self?.watchConnections() }
        }
    }

    func forget(_ stream: NameStream) { streams[ObjectIdentifier(stream)] = nil }

    /// Answers a message of a client: `reply` is called once, at once or later, with nil where there is nothing to say.
    func handle(_ bytes: [UInt8], byStream: Bool, _ reply: @escaping ([UInt8]?) -> Void) {
        switch DNSQuery.read(bytes) {
        case .nothing: reply(nil)
        case .refusal(let answer): reply(answer)
        case .query(let query):
            let limit = byStream ? DNSMessage.limit : query.datagramSize
            if let answer = ownAnswer(to: query, limit: limit) { return reply(answer) }
            forward(query, byStream: byStream, limit: limit, reply)
        }
    }

    /// The answer to a question that is not to be forwarded; nil for one that is.
    private func ownAnswer(to query: DNSQuery, limit: Int) -> [UInt8]? {
        if let options = query.options, options.version != 0 { return query.answer(.badVersion, limit: limit) }
        // Zones are answered by more than one message.
        if query.type == DNSMessage.RecordType.transfer || query.type == DNSMessage.RecordType.incrementalTransfer {
            return query.answer(.notImplemented, limit: limit)
        }
        if let addresses = names.addresses(of: query.name.text) {
            return query.answer(.success, records(of: addresses, for: query), limit: limit)
        }
        guard let address = query.name.reversedAddress, let text = names.name(of: address) else { return nil }
        guard query.questionClass == DNSMessage.internet,
            query.type == DNSMessage.RecordType.pointer || query.type == DNSMessage.RecordType.any,
            let name = DNSName(text)
        else { return query.answer(.success, limit: limit) }
        return query.answer(.success, [.pointer(name)], limit: limit)
    }

    // Each answer begins with another address: clients take the first.
    private func records(of addresses: [IPAddress], for query: DNSQuery) -> [DNSQuery.Record] {
        guard query.questionClass == DNSMessage.internet else { return [] }
        var records: [DNSQuery.Record] = []
        for address in addresses
        where query.type == DNSMessage.RecordType.any
            || query.type == (address.isV4 ? DNSMessage.RecordType.address : DNSMessage.RecordType.address6)
        {
            records.append(.address(address))
        }
        guard records.count > 1 else { return records }
        rotation = (rotation &+ 1) & 0xffff
        let first = rotation % records.count
        return Array(records[first...] + records[..<first])
    }

    private func forward(_ query: DNSQuery, byStream: Bool, limit: Int, _ reply: @escaping ([UInt8]?) -> Void) {
        let name = query.name.text
        if let policy, !policy.allows(name) { return reply(query.answer(.refused, limit: limit)) }
        let servers = servers.current()
        guard !servers.isEmpty, inFlight.count < Self.queryLimit else {
            return reply(query.answer(.serverFailure, limit: limit))
        }
        var key: ObjectIdentifier?
        let forwarded = ForwardedQuery(reactor, query, to: servers, byStream: byStream) { [weak self] answer in
            if let key { self?.inFlight[key] = nil }
            guard let answer else { return reply(query.answer(.serverFailure, limit: limit)) }
            if let policy = self?.policy {
                let (addresses, seconds) = DNSQuery.addresses(in: answer)
                if !addresses.isEmpty { policy.observe(name, addresses, seconds: seconds) }
            }
            reply(query.relayed(answer, limit: limit))
        }
        key = ObjectIdentifier(forwarded)
        inFlight[ObjectIdentifier(forwarded)] = forwarded
        forwarded.advance()
    }
}
