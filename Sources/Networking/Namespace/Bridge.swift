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
    /// Whether others that are isolated, too, are not reached.
    package var isIsolated = false
    /// Whether what its addresses of version 4 send to the world goes over the uplink (`MachineRouting`).
    package var isForwarded = false

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
        let isForwarded: Bool
        /// The interface's index in the container, and its address there.
        let index: UInt32
        let hardwareAddress: HardwareAddress

        /// Whether the hardware address is the one that every holder of the address has.
        var isPredictable: Bool {
            for address in addresses {
                if case .v4(let number) = address { return hardwareAddress == HardwareAddress(for: number) }
            }
            return false
        }

        /// One of which no more is known than what rules know it by.
        package init(port: UInt32, addresses: [IPAddress], isForwarded: Bool) {
            self.init(
                port: port, addresses: addresses, isForwarded: isForwarded, index: 0,
                hardwareAddress: HardwareAddress(number: 0))
        }

        init(
            port: UInt32, addresses: [IPAddress], isForwarded: Bool, index: UInt32, hardwareAddress: HardwareAddress
        ) {
            self.port = port
            self.isForwarded = isForwarded
            self.addresses = addresses
            self.index = index
            self.hardwareAddress = hardwareAddress
        }
    }

    /// Puts the container whose network namespace `container` is on `bridge`, which is made where it is not there yet: an
    /// interface with addresses and routes. It goes with either namespace. Throws `NetworkError`.
    package func attach(
        _ interface: Interface, to bridge: Bridge, of container: CInt
    ) throws(NetworkError) -> Attachment {
        let inside = try NetlinkSocket.route(in: container)
        return try asking { () throws(NetlinkError) in
            let master = try prepare(bridge, connections.route)
            // The kernel's own names are sought one by one, and one after its address could be that of a former holder's, whose
            // namespace takes a moment to go.
            let outerName = "v" + hex(HardwareAddress.random().bytes)
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
            try connections.route.run(pair)
            guard let port = try connections.route.index(of: outerName),
                let index = try inside.index(of: interface.name)
            else { throw NetlinkError("find the interface \(interface.name)", Errno(ENODEV)) }
            if interface.isIsolated {
                var isolation = NetlinkBatch()
                isolation.isolatePort(port)
                try connections.route.run(isolation)
            }
            var setup = NetlinkBatch()
            setup.bringUp(index, linkLocal: interface.hasV6)
            for (address, prefix) in interface.addresses { setup.addAddress(address, prefix: prefix, to: index) }
            for gateway in interface.gateways { setup.setDefaultRoute(via: gateway, over: index) }
            try inside.run(setup)
            // What is published goes there at once, and not to who had the address before.
            var neighbours = NetlinkBatch()
            neighbours.setForwarding(interface.hardwareAddress, to: port)
            var addresses: [IPAddress] = []
            // Those of the link alone are no places that packets leave from.
            for (address, _) in interface.addresses where !address.isLinkLocal {
                addresses.append(address)
                neighbours.setNeighbour(address, interface.hardwareAddress, over: master)
            }
            try connections.route.run(neighbours)
            return Attachment(
                port: port, addresses: addresses, isForwarded: interface.isForwarded, index: index,
                hardwareAddress: interface.hardwareAddress)
        }
    }

    /// Takes an interface away from the container whose network namespace `container` is, with its addresses and routes: 20 ms.
    /// One that is not there is no failure. Throws `NetworkError`.
    package static func detach(_ interface: String, of container: CInt) throws(NetworkError) {
        let inside = try NetlinkSocket.route(in: container)
        try asking { () throws(NetlinkError) in
            var removal = NetlinkBatch()
            removal.removeLink(interface)
            try inside.run(removal, ignoring: [Errno(ENODEV)])
        }
    }

    /// Has what is of no subnet go by `gateways` from now on, each over an interface of the container. Throws `NetworkError`.
    package static func setDefaultRoutes(
        _ gateways: [(address: IPAddress, interface: String)], of container: CInt
    ) throws(NetworkError) {
        let inside = try NetlinkSocket.route(in: container)
        try asking { () throws(NetlinkError) in
            var routes = NetlinkBatch()
            for (address, interface) in gateways {
                guard let index = try inside.index(of: interface) else {
                    throw NetlinkError("find the interface \(interface)", Errno(ENODEV))
                }
                routes.setDefaultRoute(via: address, over: index)
            }
            try inside.run(routes)
        }
    }

    private func prepare(_ bridge: Bridge, _ route: borrowing NetlinkSocket) throws(NetlinkError) -> UInt32 {
        if let index = try route.index(of: bridge.name) { return index }
        try removeFormer(bridge, route)
        var link = NetlinkBatch.Link(name: bridge.name)
        link.mtu = bridge.mtu
        // Without one of its own it has that of some port, another one whenever ports come and go.
        link.hardwareAddress = .random()
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

    // The bridges of networks that have been removed, whose addresses are this one's now.
    private func removeFormer(_ bridge: Bridge, _ route: borrowing NetlinkSocket) throws(NetlinkError) {
        var question = NetlinkBatch()
        question.askForAddresses()
        var seen: [UInt32] = []
        for message in try route.list(question) {
            guard let found = AddressMessage(message), found.index != 1, !found.address.isLinkLocal,
                !seen.contains(found.index), let subnet = Subnet(found.address, prefix: found.prefix)
            else { continue }
            for (address, prefix) in bridge.gateways {
                guard let own = Subnet(address, prefix: prefix), own.overlaps(subnet) else { continue }
                seen.append(found.index)
                break
            }
        }
        guard !seen.isEmpty else { return }
        // Another start may have made this one meanwhile.
        let own = try route.index(of: bridge.name)
        var removal = NetlinkBatch()
        for index in seen where index != own { removal.removeLink(index) }
        try route.run(removal, ignoring: [Errno(ENODEV)])
    }
}
