import Addresses
import Glibc
import Linux
import TestSupport

@testable import Networking

/// Names of a network that is none.
final class LocalNames: NameSource {
    func addresses(of name: String) -> [IPAddress]? {
        switch name {
        case "web.net": [.v4(0x0a00_0001), .v6(0xfd00 << 48, 1)]
        case "only4": [.v4(0x0a00_0002)]
        case "pair": [.v4(0x0a00_0003), .v4(0x0a00_0004)]
        case "crowd": (1...100).map { .v4(0x0a00_0100 + $0) }
        default: nil
        }
    }

    func name(of address: IPAddress) -> String? {
        address == .v4(0x0a00_0001) || address == .v6(0xfd00 << 48, 1) ? "web.net" : nil
    }

    func change(networks: [(id: String, name: String)]) {}
}

/// Keeps what it is told.
final class Policy: NamePolicy {
    var seen: [String] = []

    func allows(_ name: String) -> Bool { name != "bad.example" }

    func observe(_ name: String, _ addresses: [IPAddress], seconds: Int) {
        seen.append("\(name) \(addresses.map(\.description).joined(separator: ",")) \(seconds)")
    }
}

/// A resolver on loopback with stub servers before it.
final class Bench {
    let port: UInt16
    private let reactor: Reactor
    private let resolver: Resolver
    private let names = LocalNames()
    private var stubs: [RunningProgram] = []

    /// With one stub for each of `modes`; "dead" is a port where nobody is.
    init(_ modes: [String], policy: Policy? = nil) throws {
        reactor = try Reactor()
        var servers: [SocketAddress] = []
        for mode in modes {
            if mode == "dead" {
                // Nobody serves the discard port of the loopback's last address.
                servers.append(SocketAddress(.v4(0x7fff_fffe), port: 9))
                continue
            }
            let port = try Self.freePort()
            let stub = try RunningProgram(Spawn("/usr/bin/python3", ["-c", namesStub, mode, "\(port)"]))
            try stub.waitForOutput("ready")
            servers.append(SocketAddress(.v4(0x7f00_0001), port: port))
            stubs.append(stub)
        }
        let tcp = try InternetSocket.make(SOCK_STREAM, v4: true)
        try InternetSocket.bind(tcp.rawValue, to: SocketAddress(.v4(0x7f00_0001), port: 0))
        try InternetSocket.listen(tcp.rawValue)
        let address = try InternetSocket.localAddress(tcp.rawValue)
        let udp = try InternetSocket.make(SOCK_DGRAM, v4: true)
        try InternetSocket.bind(udp.rawValue, to: address)
        port = address.port
        resolver = try Resolver(
            reactor, udp: udp.release(), tcp: tcp.release(), names: names, servers: .fixed(servers), policy: policy)
    }

    private static func freePort() throws -> UInt16 {
        let socket = try InternetSocket.make(SOCK_STREAM, v4: true)
        try InternetSocket.bind(socket.rawValue, to: SocketAddress(.v4(0x7f00_0001), port: 0))
        return try InternetSocket.localAddress(socket.rawValue).port
    }

    deinit { resolver.close() }

    /// What dig(1) prints.
    func dig(_ arguments: String...) throws -> String {
        try run("/usr/bin/dig", ["@127.0.0.1", "-p", "\(port)", "+tries=1", "+time=15"] + arguments)
    }

    /// What a program prints, while the resolver serves it.
    func run(_ path: String, _ arguments: [String]) throws -> String {
        let program = try RunningProgram(
            Spawn("/bin/sh", ["-c", "\"$0\" \"$@\" 2>&1; echo; echo THE END", path] + arguments))
        let deadline = MonotonicTime.now().adding(seconds: 60)
        while try !program.hasWritten("THE END") {
            guard !deadline.isPast else { throw TestFailure("\(path) \(arguments) does not end") }
            try reactor.turn(milliseconds: 10)
        }
        let text = try program.wait().text
        return String(text.dropLast("\nTHE END\n".utf8.count))
    }
}
