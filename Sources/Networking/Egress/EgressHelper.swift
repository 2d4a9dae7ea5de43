import Bytes
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

    /// Whether the helper `name` is there, where helpers are looked for.
    package static func isInstalled(_ name: String) -> Bool { executable(name) != nil }

    static func executable(_ name: String) -> String? {
        SearchPath(["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin"]).find(name)
    }

    /// Starts the helper for the network namespace behind `namespace`; `RunningEgress.awaitReady` says when the network
    /// is up. Call it inside the user namespace that owns that network namespace, in a process with one thread and a
    /// mount namespace of its own: the namespace is bound to `mountPoint`, a file that is made. The helper ends with the
    /// returned value.
    package func start(
        for namespace: borrowing FileDescriptor, mountPoint: String
    ) throws(EgressError) -> RunningEgress {
        try Self.requireTunnelDevice()
        do throws(SystemError) {
            // A path that both helpers can open: they close what they inherit, and with the capabilities that pasta keeps
            // it may not look into anybody's /proc.
            try Files.write([], to: mountPoint, mode: 0o600)
            try MountCalls.mount("/proc/self/fd/\(namespace.rawValue)", on: mountPoint, .bind)
        } catch { throw .system(error) }
        switch self {
        case .slirp4netns(let options): return try startSlirp(options, mountPoint)
        case .pasta(let arguments): return try startPasta(arguments, mountPoint, namespace)
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
        guard let cidr, let slash = cidr.place(of: "/") else { return "10.0.2.3" }
        let octets = cidr[..<slash].split(on: ".").compactMap { UInt32($0) }
        guard octets.count == 4 else { return "10.0.2.3" }
        let address = octets.reduce(0) { $0 << 8 | $1 } + 3
        return [24, 16, 8, 0].map { String(address >> $0 & 255) }.joined(separator: ".")
    }
}

/// A helper that runs; it is killed with the value.
package struct RunningEgress: ~Copyable, Sendable {
    let helper: String
    let pid: ProcessID
    /// A process that looks for the sign that the network is up, where the helper gives none.
    let watcher: ProcessID?
    /// Becomes readable when the network is up.
    let ready: FileDescriptor
    /// What the helper writes.
    let output: FileDescriptor
    // slirp4netns ends when the other end of its exit pipe is closed, and so when the supervisor is killed.
    let exitPipe: FileDescriptor?
    /// How slirp4netns was started; nil for pasta, which always shuts itself in.
    let slirp: (program: SlirpProgram, confinement: SlirpProgram.Confinement)?

    /// Waits until the container can reach the outside, and returns what is to be said of that: a sentence where
    /// slirp4netns had to be started again without a part of its sandbox. Throws `failed` with what the helper said where
    /// it does not get there within 10 s; it takes 3 to 30 ms.
    package mutating func awaitReady() throws(EgressError) -> String? {
        var reasons: [String] = []
        while let failure = failure() {
            guard failure.hasEnded, let (program, confinement) = slirp, let next = confinement.next else {
                throw .failed(helper: helper, output: failure.output.joined(separator: "; "))
            }
            // What follows the first line are the consequences.
            let cause = failure.output.isEmpty ? "it ended without a message" : failure.output[0]
            reasons.append("\(confinement.flags.joined(separator: " ")): \(cause)")
            do throws(SystemError) { self = try program.start(next) } catch { throw .system(error) }
        }
        guard !reasons.isEmpty, let confinement = slirp?.confinement else { return nil }
        let rest = confinement.flags.joined(separator: " ")
        return "slirp4netns runs \(rest.isEmpty ? "without a sandbox" : "with \(rest) alone") "
            + "(\(reasons.joined(separator: "; ")))"
    }

    // nil where the network is up.
    private func failure() -> (output: [String], hasEnded: Bool)? {
        var poll = PollSet()
        let signal = poll.add(ready.rawValue)
        // A helper that ends closes what it writes to.
        poll.add(output.rawValue, reading: false)
        var byte: UInt8 = 0
        // A helper that hangs must not hang the container's start with it.
        let isInTime = (try? poll.wait(milliseconds: 10_000)) == true
        if isInTime, poll.isReadable(signal), read(ready.rawValue, &byte, 1) == 1 { return nil }
        kill(pid, SIGKILL)
        let text = (try? output.readAll(limit: 65536)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        // What slirp4netns says of a start that goes well.
        let usual = ["WARNING", "sent tapfd", "received tapfd", "Starting slirp", "* "]
        var lines: [String] = []
        for line in text.split(on: "\n") where !usual.contains(where: { line.begins(with: $0) }) {
            lines.append(String(line))
        }
        if lines.isEmpty, !isInTime { lines = ["it was not ready within 10 s"] }
        return (lines, isInTime)
    }

    deinit {
        kill(pid, SIGTERM)
        _ = try? waitForExit(of: pid)
        if let watcher {
            kill(watcher, SIGKILL)
            _ = try? waitForExit(of: watcher)
        }
    }
}
