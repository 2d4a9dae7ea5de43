import Addresses
import Glibc
import Linux
import Netlink
import Testing

/// What is written and read, without a kernel.
struct MessageTests {
    @Test func attributesComeBack() throws {
        var writer = AttributeWriter()
        writer.put(1, text: "eth0")
        writer.put(2, UInt32(7))
        writer.put(3, network: UInt16(0x1234))
        writer.nest(4) { $0.put(9, [1, 2, 3]) }
        writer.put(5, try #require(IPAddress("10.0.0.1")))
        #expect(writer.bytes.count % 4 == 0)
        let read = Attributes(writer.bytes[...])
        #expect(read.text(1) == "eth0")
        #expect(read.number(2, UInt32.self) == 7)
        #expect(read[3].map(Array.init) == [0x12, 0x34])
        #expect(read.nested(4)[9].map(Array.init) == [1, 2, 3])
        #expect(read[5].map(Array.init) == [10, 0, 0, 1])
        #expect(read.number(1, UInt32.self) == nil)
    }

    @Test func randomBytesAreReadWithoutATrap() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<80, using: &generator)).map { _ in
                // Small numbers, so that lengths fit now and then.
                Bool.random(using: &generator)
                    ? UInt8.random(in: 0..<24, using: &generator) : .random(in: 0...255, using: &generator)
            }
            for message in NetlinkMessage.all(in: bytes[...]) {
                _ = message.error
                _ = LinkMessage(message)
                _ = RouteMessage(message)
                _ = QueuedPacket(message)
            }
            _ = Attributes(bytes[...]).nested(1).list
        }
    }
}

/// The kernel's answers, in a network namespace of the test's own.
@Suite(.enabled(if: getuid() == 0, "needs root, for a network namespace"))
struct KernelTests {
    private func withNamespace(_ body: (borrowing NetlinkSocket) throws -> Void) throws {
        let namespace = try NetworkNamespace.create()
        let number = try NamespaceSockets.make([NetlinkSocket.Family.route.kind], in: namespace.rawValue)[0]
        try body(NetlinkSocket(owning: FileDescriptor(owning: number)))
    }

    @Test func linksAreMadeAndListed() throws {
        try withNamespace { route in
            var link = NetlinkBatch.Link(name: "bridge0")
            link.mtu = 1400
            link.isUp = true
            var batch = NetlinkBatch()
            batch.addBridge(link)
            try route.run(batch)
            var question = NetlinkBatch()
            question.askForLinks()
            let links = try route.list(question).compactMap(LinkMessage.init)
            #expect(links.contains { $0.name == "bridge0" && $0.isUp && $0.mtu == 1400 })
            #expect(links.contains { $0.name == "lo" })
        }
    }

    private static func routes(_ route: borrowing NetlinkSocket, over index: UInt32) throws -> [String] {
        var question = NetlinkBatch()
        question.askForRoutes()
        return try route.list(question).compactMap(RouteMessage.init).filter { $0.table < 255 }
            .map { "\($0.destination) \($0.table) \($0.index == index)" }.sorted()
    }

    @Test func routesAreSetListedAndRemoved() throws {
        try withNamespace { route in
            var link = NetlinkBatch.Link(name: "bridge0")
            link.isUp = true
            var batch = NetlinkBatch()
            batch.addBridge(link)
            try route.run(batch)
            var question = NetlinkBatch()
            question.askForLinks()
            let found = try route.list(question).compactMap(LinkMessage.init).first { $0.name == "bridge0" }
            let index = try #require(found?.index)
            var way = NetlinkBatch.Route(
                to: try #require(Subnet("10.7.0.2/32")), via: try #require(IPAddress("169.254.1.2")), over: index)
            way.mtu = 1400
            var everywhere = NetlinkBatch.Route(to: try #require(Subnet("0.0.0.0/0")), via: way.gateway, over: index)
            everywhere.table = 101
            var setup = NetlinkBatch()
            setup.setRoute(way)
            // In the place of the first.
            setup.setRoute(way)
            setup.setRoute(everywhere)
            try route.run(setup)
            #expect(try Self.routes(route, over: index) == ["0.0.0.0/0 101 true", "10.7.0.2/32 254 true"])
            var removal = NetlinkBatch()
            removal.removeRoute(way)
            try route.run(removal)
            #expect(try Self.routes(route, over: index) == ["0.0.0.0/0 101 true"])
        }
    }

    private static func netfilter(_ namespace: CInt) throws -> NetlinkSocket {
        let number = try NamespaceSockets.make([NetlinkSocket.Family.netfilter.kind], in: namespace)[0]
        return NetlinkSocket(owning: FileDescriptor(owning: number))
    }

    // Its socket is closed at the end.
    private static func makeOwnedTable(_ namespace: CInt, _ meanwhile: () throws -> Void) throws {
        let owner = try netfilter(namespace)
        var batch = NetlinkBatch()
        batch.beginTransaction()
        batch.addTable("owned", .v4, isOwned: true)
        batch.addChain("out", of: "owned", .v4, .postrouting, priority: 100, translates: true)
        batch.addRule([.masquerade()], to: "out", of: "owned", .v4)
        batch.commit()
        try owner.run(batch)
        try meanwhile()
        close(consume owner)
    }

    private static func close(_ socket: consuming NetlinkSocket) {}

    // By another socket.
    private static func removeOwnedTable(_ namespace: CInt) throws {
        let other = try netfilter(namespace)
        var batch = NetlinkBatch()
        batch.beginTransaction()
        batch.removeTable("owned", .v4)
        batch.commit()
        try other.run(batch)
    }

    @Test func anOwnedTableEndsWithItsSocket() throws {
        let namespace = try NetworkNamespace.create()
        let number = namespace.rawValue
        try Self.makeOwnedTable(number) {
            let error = #expect(throws: NetlinkError.self) { try Self.removeOwnedTable(number) }
            #expect(error?.errno == .notPermitted)
        }
        var error = #expect(throws: NetlinkError.self) { try Self.removeOwnedTable(number) }
        // What another test forks just then has the socket, too, until it executes something.
        for _ in 0..<1000 where error?.errno == .notPermitted {
            usleep(10_000)
            error = #expect(throws: NetlinkError.self) { try Self.removeOwnedTable(number) }
        }
        #expect(error?.errno == .noEntry)
        endLifetime(namespace)
    }

    /// As where all that was to be removed turns out to be in use.
    @Test func nothingAtAllIsNothingToSend() throws {
        try withNamespace { route in try route.run(NetlinkBatch()) }
    }

    @Test func aRefusalNamesWhatWasAsked() throws {
        try withNamespace { route in
            var batch = NetlinkBatch()
            batch.addBridge(.init(name: "twice"))
            try route.run(batch)
            do {
                try route.run(batch)
                Issue.record("a second bridge of the same name was made")
            } catch let error as NetlinkError {
                #expect(error.errno == .exists)
                #expect(error.description.contains("make the bridge twice"))
            }
        }
    }
}
