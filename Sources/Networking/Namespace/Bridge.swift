package import Addresses
import Linux
import Glibc
import Netlink

/// A network's bridge in the shared namespace.
package struct Bridge: Sendable {
    /// At most 15 bytes.
    package var name: String
    /// In bytes; nil: the kernel's 1500.
    package var mtu: UInt32?
    /// The bridge's own addresses, which are the containers' gateways, with the prefixes of their subnets.
    package var gateways: [(address: IPAddress, prefix: Int)]

    package init(name: String, mtu: UInt32?, gateways: [(address: IPAddress, prefix: Int)]) {
        self.name = name
        self.mtu = mtu
        self.gateways = gateways
    }

    var hasV6: Bool {
        for gateway in gateways where !gateway.address.isV4 { return true }
        return false
    }
}

/// A container's interface on a bridge.
package struct Interface: Sendable {
    /// The name that it has in the container, `eth0`.
    package var name: String
    package var hardwareAddress: HardwareAddress
    /// With the prefixes of their subnets.
    package var addresses: [(address: IPAddress, prefix: Int)]
    /// Where what is of no subnet goes; none on an internal network.
    package var gateways: [IPAddress]

    package init(
        name: String, hardwareAddress: HardwareAddress, addresses: [(address: IPAddress, prefix: Int)],
        gateways: [IPAddress]
    ) {
        self.name = name
        self.hardwareAddress = hardwareAddress
        self.addresses = addresses
        self.gateways = gateways
    }

    var hasV6: Bool {
        for address in addresses where !address.address.isV4 { return true }
        return false
    }
}

extension SharedNamespace {
    /// A container's end on a bridge that it has been put on.
    package struct Attachment: Sendable {
        /// The number of the bridge's port.
        package let port: UInt32
        package let addresses: [IPAddress]

        package init(port: UInt32, addresses: [IPAddress]) {
            self.port = port
            self.addresses = addresses
        }
    }

    /// Puts the container whose network namespace `container` is on `bridge`, which is made where it is not there yet: an
    /// interface with addresses and routes. It goes with either namespace. Throws `NetworkError`.
    package func attach(
        _ interface: Interface, to bridge: Bridge, of container: CInt
    ) throws(NetworkError) -> Attachment {
        let inside = NetlinkSocket(
            owning: FileDescriptor(
                owning: try doing("open a netlink socket") { () throws(SystemError) in
                    try NamespaceSockets.make([NetlinkSocket.Family.route.kind], in: container)[0]
                }))
        return try asking { () throws(NetlinkError) in
            let master = try prepare(bridge, connections.route)
            // Named after its address: the kernel's own names are sought one by one.
            let outerName = "v" + hex(interface.hardwareAddress.bytes)
            var outer = NetlinkBatch.Link(name: outerName)
            outer.mtu = bridge.mtu
            outer.master = master
            outer.isUp = true
            var inner = NetlinkBatch.Link(name: interface.name)
            inner.mtu = bridge.mtu
            inner.hardwareAddress = interface.hardwareAddress
            inner.namespace = container
            var pair = NetlinkBatch()
            pair.addPair(outer, peer: inner)
            do throws(NetlinkError) { try connections.route.run(pair) } catch {
                // That of a container which was killed: its namespace takes a moment to go.
                guard error.errno == .exists else { throw error }
                var removal = NetlinkBatch()
                removal.removeLink(outerName)
                try connections.route.run(removal, ignoring: [Errno(ENODEV)])
                try connections.route.run(pair)
            }
            guard let port = try connections.route.index(of: outerName),
                let index = try inside.index(of: interface.name)
            else { throw NetlinkError("find the interface \(interface.name)", Errno(ENODEV)) }
            var setup = NetlinkBatch()
            setup.bringUp(index, linkLocal: interface.hasV6)
            for (address, prefix) in interface.addresses { setup.addAddress(address, prefix: prefix, to: index) }
            for gateway in interface.gateways { setup.addDefaultRoute(via: gateway, over: index) }
            try inside.run(setup)
            var addresses: [IPAddress] = []
            for (address, _) in interface.addresses { addresses.append(address) }
            return Attachment(port: port, addresses: addresses)
        }
    }

    private func prepare(_ bridge: Bridge, _ route: borrowing NetlinkSocket) throws(NetlinkError) -> UInt32 {
        if let index = try route.index(of: bridge.name) { return index }
        var link = NetlinkBatch.Link(name: bridge.name)
        link.mtu = bridge.mtu
        var batch = NetlinkBatch()
        batch.addBridge(link)
        // Another start may be at it, too.
        try route.run(batch, ignoring: [.exists])
        guard let index = try route.index(of: bridge.name) else {
            throw NetlinkError("find the bridge \(bridge.name)", Errno(ENODEV))
        }
        var setup = NetlinkBatch()
        setup.bringUp(index, linkLocal: bridge.hasV6)
        for (address, prefix) in bridge.gateways { setup.addAddress(address, prefix: prefix, to: index) }
        try route.run(setup, ignoring: [.exists])
        return index
    }
}
