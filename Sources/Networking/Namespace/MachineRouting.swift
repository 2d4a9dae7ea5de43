package import Addresses
import Glibc
import Linux
import Netlink

/// What the machine's own network has for a container of a network whose packets the kernel forwards: a route to each of the
/// container's addresses, and a table of rules for each, which translate what it sends and keep strangers from it.
///
/// The tables belong to a socket of this process: the kernel removes them when that is closed, whatever the process dies of. The
/// routes go with the uplink. Nothing else of the machine is touched.
///
/// For a supervisor, as `SharedNamespace` is.
package final class MachineRouting {
    /// An address of a container.
    package struct End: Sendable {
        package var address: IPAddress
        /// The network's subnet, and the name of its bridge.
        package var subnet: Subnet
        package var bridge: String
        /// In bytes; nil: what interfaces take by themselves.
        package var mtu: UInt32?
        /// Another for each address and run: what its table is called.
        package var id: String

        package init(address: IPAddress, subnet: Subnet, bridge: String, mtu: UInt32?, id: String) {
            self.address = address
            self.subnet = subnet
            self.bridge = bridge
            self.mtu = mtu
            self.id = id
        }
    }

    private let machine: FileDescriptor
    private let connections: NamespaceConnections
    private var ends: [(end: End, uplink: UInt32)] = []

    /// Why the calling process cannot have the kernel forward its containers' packets; nil where it can.
    package static func refusal() -> String? {
        // CAP_NET_ADMIN, and the machine's user namespace: one that hides its map is none.
        guard geteuid() == 0, OwnUserNamespace.hasAllIDs(.user) ?? false, Capability.isEffective(12) else {
            return
                "the machine's own packet rules are root's: leave the option out, and packets go out through apus's gate"
        }
        return nil
    }

    /// Throws `NetworkError` where `refusal()` has a reason.
    package init() throws(NetworkError) {
        if let reason = Self.refusal() { throw .impossible("cannot have the kernel translate addresses: \(reason)") }
        machine = try doing("open the machine's network namespace") { () throws(SystemError) in
            try FileDescriptor.open("/proc/self/ns/net", O_RDONLY)
        }
        connections = try NamespaceConnections(machine.rawValue)
    }

    /// Has the machine forward and translate what comes from an end on a bridge in `shared`. Throws `NetworkError`; then
    /// `withdraw(_:)` takes back what is there.
    package func lead(_ end: End, in shared: borrowing SharedNamespace) throws(NetworkError) {
        let parameter = try doing("read net.ipv4.ip_forward") { () throws(SystemError) in
            try Files.readText("/proc/sys/net/ipv4/ip_forward", limit: 64)
        }
        guard parameter.utf8.first == UInt8(ascii: "1") else {
            throw .impossible(
                "this machine forwards no packets, which a network with nat=kernel needs: 'sysctl net.ipv4.ip_forward=1' has it do so"
            )
        }
        let uplink = try shared.openUplink(to: machine.rawValue, connections.route)
        try checkRoutes(end, uplink.index)
        try shared.forward(from: end.bridge)
        try doing("have the machine forward packets of \(uplink.name)") { () throws(SystemError) in
            try Files.writeControl("1", to: "/proc/sys/net/ipv4/conf/\(uplink.name)/forwarding")
        }
        ends.append((end, uplink.index))
        var routes = NetlinkBatch()
        routes.setRoute(Self.route(end, uplink.index))
        try asking { () throws(NetlinkError) in try connections.route.run(routes) }
        do throws(NetlinkError) { try connections.netfilter.run(TranslationRules.table(end, uplink.index)) } catch {
            // EINVAL, EOPNOTSUPP
            if error.subject.utf8.elementsEqual(NetlinkBatch.makingATable.utf8), error.errno != Errno(EPERM) {
                throw .impossible(
                    "this kernel has no packet rules that end with their owner, which a network with nat=kernel needs (Linux "
                        + "5.12)")
            }
            throw .refused(error)
        }
    }

    /// Takes back what the machine has for an address.
    package func withdraw(_ address: IPAddress) {
        ends.removeAll { end, uplink in
            guard end.address == address else { return false }
            var routes = NetlinkBatch()
            routes.removeRoute(Self.route(end, uplink))
            // What is not there, or cannot be taken away, goes with the uplink and with this process.
            try? connections.route.run(routes)
            try? connections.netfilter.run(TranslationRules.removal(end))
            return true
        }
    }

    private static func route(_ end: End, _ uplink: UInt32) -> NetlinkBatch.Route {
        // Of one address: the others of the subnet are nobody's, or another container's.
        let destination = Subnet(end.address, prefix: end.address.width) ?? end.subnet
        var route = NetlinkBatch.Route(to: destination, via: Uplink.inner, over: uplink)
        route.mtu = end.mtu
        return route
    }

    // What the machine reaches by another way would be cut off from it, or the containers be.
    private func checkRoutes(_ end: End, _ uplink: UInt32) throws(NetworkError) {
        var question = NetlinkBatch()
        question.askForRoutes()
        for message in try asking({ () throws(NetlinkError) in try connections.route.list(question) }) {
            // The main table's, but for its default routes.
            guard let route = RouteMessage(message), route.table == 254, route.destination.prefix > 0,
                route.index != uplink, route.destination.overlaps(end.subnet)
            else { continue }
            throw .impossible(
                "the subnet \(end.subnet) overlaps \(route.destination), which this machine has another route to: give the "
                    + "network a subnet of its own by --subnet")
        }
    }
}

/// The rules of the machine for one address of a container.
enum TranslationRules {
    private static func name(_ end: MachineRouting.End) -> String { "apus-" + end.id.prefix(16) }

    /// What makes them, all or nothing: they belong to the socket that sends it. `uplink` is the index of the machine's end.
    static func table(_ end: MachineRouting.End, _ uplink: UInt32) -> NetlinkBatch {
        let name = name(end)
        let uplink = withUnsafeBytes(of: uplink) { Array($0) }
        let isFrom: [Expression] = [.load(.network, at: 12, count: 4), .compare(end.address.bytes)]
        let isFor: [Expression] = [.load(.network, at: 16, count: 4), .compare(end.address.bytes)]
        let known = Expression.ConnectionState.established | Expression.ConnectionState.related
        var batch = NetlinkBatch()
        batch.beginTransaction()
        batch.addTable(name, .v4, isOwned: true)
        batch.addChain("forward", of: name, .v4, .forward, priority: 0)
        // Published ports are the network process's: nobody but the machine itself begins a connection here.
        batch.addRule(
            isFor + [
                .loadConnectionState(), .mask(withUnsafeBytes(of: known) { Array($0) }), .compare([0, 0, 0, 0]),
                .verdict(.drop),
            ], to: "forward", of: name, .v4)
        batch.addRule(
            isFrom + [.load(.inputIndex), .compare(uplink, isNot: true), .verdict(.drop)], to: "forward", of: name, .v4)
        // NF_IP_PRI_NAT_SRC
        batch.addChain("postrouting", of: name, .v4, .postrouting, priority: 100, translates: true)
        batch.addRule(
            isFrom + [.load(.outputIndex), .compare(uplink, isNot: true), .masquerade()], to: "postrouting", of: name,
            .v4)
        batch.commit()
        return batch
    }

    /// What removes them.
    static func removal(_ end: MachineRouting.End) -> NetlinkBatch {
        var batch = NetlinkBatch()
        batch.beginTransaction()
        batch.removeTable(name(end), .v4)
        batch.commit()
        return batch
    }
}
