import CLinux
import Glibc
package import Linux

/// A way out of a container's network namespace through a helper of user space, without privileges.
package enum EgressHelper: Sendable, Equatable {
    case slirp4netns(SlirpOptions)
    case pasta(arguments: [String])

    /// The helper that this machine has: slirp4netns first (correct on refused connections, and small), else pasta.
    /// Throws `missing` where there is neither, `noTunnelDevice` where neither could work.
    package static func available() throws(EgressError) -> EgressHelper {
        try requireTunnelDevice()
        if executable("slirp4netns") != nil { return .slirp4netns(SlirpOptions()) }
        if executable("pasta") != nil { return .pasta(arguments: []) }
        throw .missing(helper: "slirp4netns", package: "slirp4netns")
    }

    static func requireTunnelDevice() throws(EgressError) {
        if access("/dev/net/tun", R_OK | W_OK) < 0 { throw .noTunnelDevice(.current) }
    }

    static func executable(_ name: String) -> String? {
        for directory in ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin"]
        where access("\(directory)/\(name)", X_OK) == 0 { return "\(directory)/\(name)" }
        return nil
    }

    /// Starts the helper for the network namespace of `pid` and returns when the network is up. Call it inside the user
    /// namespace that owns that network namespace. The helper ends with the returned value.
    package func start(for pid: ProcessID) throws(EgressError) -> RunningEgress {
        try Self.requireTunnelDevice()
        switch self {
        case .slirp4netns(let options): return try startSlirp(options, pid)
        case .pasta(let arguments): return try startPasta(arguments, pid)
        }
    }

    /// What `/etc/resolv.conf` of the container names, where the helper answers names itself.
    package var nameServer: String? {
        switch self {
        case .slirp4netns(let options): options.nameServer
        case .pasta: nil
        }
    }
}

/// How slirp4netns is started (slirp4netns(1)).
package struct SlirpOptions: Sendable, Equatable {
    /// In bytes; 65520 is the largest and by far the fastest.
    package var mtu = 65520
    /// The network of the tap device, "a.b.c.d/n"; nil means 10.0.2.0/24.
    package var cidr: String?
    package var enableIPv6 = true
    /// Whether the gateway's address reaches the host's loopback.
    package var allowHostLoopback = false
    /// The host's addresses, or interfaces, to send from.
    package var outboundAddress: String?
    package var outboundAddress6: String?

    package init() {}

    /// The third address of the network, where slirp4netns answers DNS (slirp4netns(1)).
    package var nameServer: String {
        guard let cidr, let slash = cidr.firstIndex(of: "/") else { return "10.0.2.3" }
        let octets = cidr[..<slash].split(separator: ".").compactMap { UInt32($0) }
        guard octets.count == 4 else { return "10.0.2.3" }
        let address = octets.reduce(0) { $0 << 8 | $1 } + 3
        return [24, 16, 8, 0].map { String(address >> $0 & 255) }.joined(separator: ".")
    }
}

/// A helper that runs; it is killed with the value.
package struct RunningEgress: ~Copyable, Sendable {
    let pid: ProcessID
    // slirp4netns ends when the other end of its exit pipe is closed, and so when the supervisor is killed.
    let exitPipe: FileDescriptor?

    deinit {
        kill(pid, SIGTERM)
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, Errno.current == .interrupted {}
    }
}
