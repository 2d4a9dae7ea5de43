import Bytes
import Glibc
package import Linux
import Netlink

/// The network namespace in which a user's bridges are: owned by the user's user namespace, and kept by the descriptors of the
/// supervisors that live. When the last one goes, it goes with all that is in it.
///
/// For a supervisor: a process with one thread, which is root in that user namespace, and whose own network namespace stays the
/// host's.
package struct SharedNamespace: ~Copyable {
    package let descriptor: FileDescriptor
    let connections: NamespaceConnections
    /// How a rule has a process decide: not every kernel has the expression for it.
    let queueKind: QueueKind

    enum QueueKind: String {
        case expression
        case target
    }

    /// The directory of what is known of networks while they are in use.
    package static func directory(_ runDirectory: String) -> String { "\(runDirectory)/network" }

    // One symbolic link per process that holds the namespace: PID -> "DESCRIPTOR:START TIME:INODE:KIND".
    private static func holders(_ runDirectory: String) -> String { directory(runDirectory) + "/holders" }

    /// The namespace that a living supervisor has published in `runDirectory`, or a new one; of several starts at once all get
    /// the same. It is published as this process's, too. Throws `NetworkError`: `unsupported` where the kernel lacks what it
    /// takes.
    package static func open(runDirectory: String) throws(NetworkError) -> SharedNamespace {
        let lock = try doing("lock the networks") { () throws(SystemError) in
            do throws(SystemError) { return try FileLock(directory(runDirectory) + "/lock") } catch {
                guard error.errno == .noEntry else { throw error }
                try Files.makeDirectories(holders(runDirectory), mode: 0o700)
                return try FileLock(directory(runDirectory) + "/lock")
            }
        }
        var namespace = find(runDirectory)
        if namespace == nil { namespace = try make(runDirectory) }
        guard let found = namespace.take() else { fatalError("unreachable: it was found or made") }
        try found.publish(runDirectory)
        endLifetime(lock)
        return found
    }

    /// Takes the calling process out of those that others find the namespace by.
    package static func withdraw(runDirectory: String) { unlink("\(holders(runDirectory))/\(getpid())") }

    /// Takes those out that are gone without having said so.
    package static func withdrawDead(runDirectory: String) {
        for path in deadHolders(runDirectory: runDirectory) { unlink(path) }
    }

    /// The entries of processes that are gone without having taken them away.
    package static func deadHolders(runDirectory: String) -> [String] {
        let directory = holders(runDirectory)
        var dead: [String] = []
        for name in (try? Files.list(directory)) ?? [] {
            let path = "\(directory)/\(name)"
            guard let pid = ProcessID(name), let fields = (try? Files.readLink(path))?.split(on: ":"),
                fields.count == 4,
                let start = UInt64(fields[1])
            else { continue }
            if (try? ProcessIdentity(pid: pid, startTime: start).isGone()) == true { dead.append(path) }
        }
        return dead
    }

    private static func find(_ runDirectory: String) -> SharedNamespace? {
        let directory = holders(runDirectory)
        guard let names = try? Files.list(directory) else { return nil }
        for name in names {
            let path = "\(directory)/\(name)"
            guard let pid = ProcessID(name), let content = try? Files.readLink(path) else { continue }
            let fields = content.split(on: ":")
            guard fields.count == 4, let number = UInt32(fields[0]), let start = UInt64(fields[1]),
                let inode = UInt64(fields[2]), let kind = QueueKind(rawValue: String(fields[3]))
            else {
                unlink(path)
                continue
            }
            let process = ProcessIdentity(pid: pid, startTime: start)
            guard process.isAlive else {
                if (try? process.isGone()) == true { unlink(path) }
                continue
            }
            // Another's number, or that of another file by now, is told by the inode.
            guard let file = try? FileDescriptor.open("/proc/\(pid)/fd/\(number)", O_RDONLY | O_NONBLOCK) else {
                continue
            }
            var status = stat()
            guard fstat(file.rawValue, &status) == 0, UInt64(status.st_ino) == inode, process.isAlive,
                let connections = try? NamespaceConnections(file.rawValue)
            else { continue }
            return SharedNamespace(descriptor: file, connections: connections, queueKind: kind)
        }
        return nil
    }

    private func publish(_ runDirectory: String) throws(NetworkError) {
        guard let own = ProcessIdentity.current() else { return }
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else { return }
        let path = "\(Self.holders(runDirectory))/\(own.pid)"
        let content = "\(descriptor.rawValue):\(own.startTime):\(status.st_ino):\(queueKind.rawValue)"
        if symlink(content, path) == 0 { return }
        if Errno.current == .noEntry {
            try doing("publish the network namespace") { () throws(SystemError) in
                try Files.makeDirectories(Self.holders(runDirectory), mode: 0o700)
            }
        } else {
            // Left by a dead process with our number.
            unlink(path)
        }
        try doing("publish the network namespace") { () throws(SystemError) in
            try check("symlink", path) { symlink(content, path) }
        }
    }

    // MARK: making

    private static func make(_ runDirectory: String) throws(NetworkError) -> SharedNamespace {
        let namespace: FileDescriptor
        do throws(SystemError) { namespace = try NetworkNamespace.begin().finish() } catch {
            throw .unsupported(NetlinkError("make a network namespace", error.errno))
        }
        setKernelParameters(namespace)
        let connections = try NamespaceConnections(namespace.rawValue)
        var routes = NetlinkBatch()
        for v4 in [true, false] {
            routes.addLocalDelivery(v4: v4, table: PacketRules.table)
            routes.addRule(v4: v4, mark: PacketRules.Mark.deliver.rawValue, table: PacketRules.table)
        }
        do throws(NetlinkError) {
            // Without IPv6 in the kernel, or with it switched off.
            try connections.route.run(
                routes, ignoring: [Errno(EAFNOSUPPORT), .notSupported, Errno(ENETDOWN), Errno(EACCES)])
            try connections.netfilter.run(PacketRules.base())
        } catch { throw .unsupported(error) }
        let kind = try queueKind(runDirectory, connections.netfilter)
        return SharedNamespace(descriptor: namespace, connections: connections, queueKind: kind)
    }

    // The answer holds as long as the kernel runs, and to find it takes a refused transaction: 10 ms.
    private static func queueKind(
        _ runDirectory: String, _ netfilter: borrowing NetlinkSocket
    ) throws(NetworkError) -> QueueKind {
        let path = directory(runDirectory) + "/queue"
        if let text = try? Files.readText(path, limit: 64), let kind = QueueKind(rawValue: text) { return kind }
        let kind = try PacketRules.queueKind(netfilter)
        try? Files.write(Array(kind.rawValue.utf8), to: path, mode: 0o600)
        return kind
    }

    // They are those of the network namespace of whoever writes them. Where they cannot be written, as below a container's
    // read-only /proc/sys, their defaults do unless br_netfilter is loaded.
    private static func setKernelParameters(_ namespace: borrowing FileDescriptor) {
        let number = namespace.rawValue
        let child = try? fork {
            guard (try? NamespaceSet.network.enter(number)) != nil else { return 1 }
            for name in ["iptables", "ip6tables", "arptables"] {
                // Containers of one bridge meet there, and not the rules.
                try? Files.writeControl("0", to: "/proc/sys/net/bridge/bridge-nf-call-\(name)")
            }
            for family in ["ipv4", "ipv6"] {
                try? Files.writeControl("0", to: "/proc/sys/net/\(family)/conf/all/forwarding")
            }
            return 0
        }
        if let child { _ = try? waitForExit(of: child) }
    }
}

/// Sockets of one network namespace to talk to the kernel about it.
///
/// They are kept as long as somebody may need them: a socket of netfilter's that is closed waits for the end of what nf_tables
/// is still taking down, whoever has asked for that.
struct NamespaceConnections: ~Copyable {
    let route: NetlinkSocket
    let netfilter: NetlinkSocket

    init(_ namespace: CInt) throws(NetworkError) {
        let numbers = try doing("open netlink sockets") { () throws(SystemError) in
            try NamespaceSockets.make(
                [NetlinkSocket.Family.route.kind, NetlinkSocket.Family.netfilter.kind], in: namespace)
        }
        route = NetlinkSocket(owning: FileDescriptor(owning: numbers[0]))
        netfilter = NetlinkSocket(owning: FileDescriptor(owning: numbers[1]))
    }
}

extension NetlinkSocket {
    /// A socket to talk about interfaces, addresses and routes of the network namespace `namespace`.
    static func route(in namespace: CInt) throws(NetworkError) -> NetlinkSocket {
        let number = try doing("open a netlink socket") { () throws(SystemError) in
            try NamespaceSockets.make([Family.route.kind], in: namespace)[0]
        }
        return NetlinkSocket(owning: FileDescriptor(owning: number))
    }

    /// The index of the interface `name`; nil where there is none.
    func index(of name: String) throws(NetlinkError) -> UInt32? {
        var batch = NetlinkBatch()
        batch.askForLink(name)
        do throws(NetlinkError) {
            for message in try list(batch) {
                if let link = LinkMessage(message) { return link.index }
            }
            return nil
        } catch {
            if error.errno == Errno(ENODEV) { return nil }
            throw error
        }
    }
}
