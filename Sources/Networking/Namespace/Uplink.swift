package import Addresses
import Glibc
import Linux
import Netlink

/// The pair of interfaces between the shared namespace and the machine's own, over which the kernel forwards what containers of
/// some networks send to the world. It goes with the shared namespace, and the machine's routes over it with it.
///
/// Neither end has an address: routes name the other end's (of the link alone, RFC 3927), which is known for good, so that no
/// subnet comes to the machine and nothing is asked for.
enum Uplink {
    /// In the shared namespace. No bridge may be called that: `SharedNamespace.isReserved`.
    static let name = "apus-uplink"
    /// As a packet's rules see it (IFNAMSIZ).
    static let nameBytes = Array(name.utf8) + [UInt8](repeating: 0, count: 16 - name.utf8.count)

    /// The end in the shared namespace, and the machine's.
    static let inner = IPAddress.v4(0xa9fe_01_02)
    static let outer = IPAddress.v4(0xa9fe_01_01)

    /// A hardware address that is the same in every pair: no other interface is on that link.
    static func hardwareAddress(_ address: IPAddress) -> HardwareAddress {
        guard case .v4(let number) = address else { return HardwareAddress(number: 0) }
        return HardwareAddress(for: number)
    }
}

extension SharedNamespace {
    /// The gateway of the default network, at which a container on any network finds the machine.
    package static let hostAddress = IPAddress.v4(0xac11_0001)

    /// What the names of interfaces begin with that lead from the machine to containers: `apus-` and the number of the
    /// shared namespace.
    package static let uplinkPrefix = "apus-"

    /// Whether an interface of the shared namespace has this name that is no network's bridge.
    package static func isReserved(_ name: String) -> Bool { name.utf8.elementsEqual(Uplink.name.utf8) }

    /// Makes the uplink to the machine's namespace, which `machine` is a descriptor of and `route` talks to, where it is not there
    /// yet. Returns the name and index of the machine's end. Throws `NetworkError`.
    func openUplink(
        to machine: CInt, _ route: borrowing NetlinkSocket
    ) throws(NetworkError) -> (name: String, index: UInt32) {
        var status = stat()
        try doing("look at the network namespace") { () throws(SystemError) in
            try check("fstat") { fstat(descriptor.rawValue, &status) }
        }
        let outerName =
            Self.uplinkPrefix
            + hex(withUnsafeBytes(of: UInt32(truncatingIfNeeded: status.st_ino).bigEndian) { Array($0) })
        let outerIndex = try asking { () throws(NetlinkError) in
            if try connections.route.index(of: Uplink.name) == nil {
                var inner = NetlinkBatch.Link(name: Uplink.name)
                inner.hardwareAddress = Uplink.hardwareAddress(Uplink.inner)
                var outer = NetlinkBatch.Link(name: outerName)
                outer.hardwareAddress = Uplink.hardwareAddress(Uplink.outer)
                outer.namespace = machine
                // What the machine's other interfaces take is theirs to say.
                (inner.mtu, outer.mtu) = (65_535, 65_535)
                var pair = NetlinkBatch()
                pair.addPair(inner, peer: outer)
                // Another start may be at it, too.
                try connections.route.run(pair, ignoring: [.exists])
            }
            guard let innerIndex = try connections.route.index(of: Uplink.name) else {
                throw NetlinkError("find the interface \(Uplink.name)", Errno(ENODEV))
            }
            guard let outerIndex = try route.index(of: outerName) else {
                throw NetlinkError("find the interface \(outerName)", Errno(ENODEV))
            }
            var outside = NetlinkBatch()
            outside.bringUp(outerIndex, linkLocal: false)
            outside.setNeighbour(
                Uplink.inner, Uplink.hardwareAddress(Uplink.inner), over: outerIndex, isPermanent: true)
            try route.run(outside)
            var inside = NetlinkBatch()
            inside.bringUp(innerIndex, linkLocal: false)
            inside.setNeighbour(
                Uplink.outer, Uplink.hardwareAddress(Uplink.outer), over: innerIndex, isPermanent: true)
            try connections.route.run(inside)
            // In a table of its own, so that nothing takes it that no rule has sent there.
            var routes = NetlinkBatch()
            if let everything = Subnet(.v4(0), prefix: 0) {
                var way = NetlinkBatch.Route(to: everything, via: Uplink.outer, over: innerIndex)
                way.table = PacketRules.uplinkTable
                routes.setRoute(way)
            }
            routes.addRule(v4: true, mark: PacketRules.Mark.forward.rawValue, table: PacketRules.uplinkTable)
            try connections.route.run(routes, ignoring: [.exists])
            return outerIndex
        }
        return (outerName, outerIndex)
    }

    /// Has the kernel forward what comes from the bridge of this name, and from the uplink, and from no other interface.
    func forward(from bridge: String) throws(NetworkError) {
        let path = "/proc/sys/net/ipv4/conf/"
        // A source on the internet is reached by the table of the uplink alone, which the check of sources (RFC 3704) does not see.
        let settings = [
            (path + "all/rp_filter", "0"), (path + Uplink.name + "/rp_filter", "0"),
            (path + Uplink.name + "/forwarding", "1"), (path + bridge + "/forwarding", "1"),
        ]
        let namespace = descriptor.rawValue
        let code = try doing("set parameters of the network namespace") { () throws(SystemError) in
            // They are those of the network namespace of whoever writes them.
            let child = try fork {
                do throws(SystemError) {
                    try NamespaceSet.network.enter(namespace)
                    for (path, value) in settings { try Files.writeControl(value, to: path) }
                    return 0
                } catch { return error.errno.rawValue }
            }
            return try waitForExit(of: child).shellCode
        }
        guard code == 0 else {
            throw .failed(
                action: "have the kernel forward packets of \(bridge)",
                SystemError("write", "\(path)\(bridge)/forwarding", Errno(code)))
        }
    }
}
