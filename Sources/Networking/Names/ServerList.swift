import Addresses
import Bytes
import Glibc
import Linux

/// The upstream servers of a resolver, those of a file as the file has them.
struct ServerList {
    private let source: UpstreamServers
    private var servers: [SocketAddress] = []
    private var nextLook: MonotonicTime?
    private var seen: (time: FileTime, identity: FileIdentity, size: Int)?

    /// How many of a file are asked (MAXNS of resolv.conf(5)).
    private static let limit = 3

    init(_ source: UpstreamServers) {
        self.source = source
        if case .fixed(let servers) = source { self.servers = Array(servers.prefix(8)) }
    }

    /// The servers now. The file is looked at once a second at most.
    mutating func current() -> [SocketAddress] {
        guard case .host(let path) = source else { return servers }
        if let nextLook, !nextLook.isPast { return servers }
        nextLook = MonotonicTime.now().adding(milliseconds: 1000)
        do throws(SystemError) {
            let status = try Files.status(path)
            if let seen, seen.time == status.modificationTime, seen.identity == status.identity,
                seen.size == status.size
            {
                return servers
            }
            servers = Self.servers(in: try Files.readText(path, limit: 64 << 10))
            seen = (status.modificationTime, status.identity, status.size)
        } catch {
            // One that is not there names no servers. What cannot be read may still be as it was.
            if error.errno == .noEntry { (servers, seen) = ([], nil) }
        }
        return servers
    }

    /// The first three servers that a resolv.conf(5) names.
    static func servers(in text: String) -> [SocketAddress] {
        var servers: [SocketAddress] = []
        for line in text.split(on: "\n") {
            guard servers.count < limit else { break }
            let words = line.split(on: " ").flatMap { $0.split(on: "\t") }
            guard words.count >= 2, words[0].isSame(as: "nameserver") else { continue }
            let word = words[1].last == "\r" ? words[1].droppingLast(1) : words[1]
            guard let address = IPAddress(word.until("%")) else { continue }
            var scope: UInt32 = 0
            if let percent = word.place(of: "%") {
                let zone = String(word.behind(percent))
                scope = UInt32(zone) ?? if_nametoindex(zone)
            }
            servers.append(SocketAddress(address, port: 53, scope: scope))
        }
        return servers
    }
}
