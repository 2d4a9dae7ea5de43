import Addresses
import Bytes
import Glibc
package import Linux

/// Where questions go that are not about containers.
package enum UpstreamServers: Sendable {
    /// To those that a resolv.conf names, as it is when a question comes.
    case file(path: String)
    case fixed([SocketAddress])
}

/// The servers of a file, which is read again when it has changed: networks come and go.
final class UpstreamList {
    private let source: UpstreamServers
    private var servers: [SocketAddress] = []
    private var stamp: (seconds: Int, nanoseconds: Int, inode: UInt64, size: Int)?
    private var nextLook = MonotonicTime(nanoseconds: 0)

    // In milliseconds.
    private static let interval: Int64 = 1_000
    // MAXNS of resolv.conf(5), and some more.
    private static let most = 8

    init(_ source: UpstreamServers) { self.source = source }

    /// The servers, in their order.
    func current() -> [SocketAddress] {
        switch source {
        case .fixed(let servers): return servers
        case .file(let path):
            if nextLook.isPast {
                nextLook = .now().adding(milliseconds: Self.interval)
                look(path)
            }
            return servers
        }
    }

    private func look(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            // A file that is being replaced is there at the next look.
            return
        }
        let seen = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec, UInt64(status.st_ino), Int(status.st_size))
        if let stamp, stamp == seen { return }
        guard let text = try? Files.readText(path, limit: 1 << 20) else { return }
        stamp = seen
        servers = Self.servers(in: text)
    }

    /// The servers that a resolv.conf names.
    static func servers(in text: String) -> [SocketAddress] {
        var servers: [SocketAddress] = []
        for line in text.split(on: "\n") where servers.count < most {
            let words = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }
            guard words.count >= 2, words[0].isSame(as: "nameserver") else { continue }
            let zone = words[1].place(of: "%")
            let text = zone.map { words[1][..<$0] } ?? words[1]
            guard let address = IPAddress(text) else { continue }
            let scope = zone.map { if_nametoindex(String(words[1].behind($0))) } ?? 0
            servers.append(SocketAddress(address, port: 53, scope: scope))
        }
        return servers
    }
}
