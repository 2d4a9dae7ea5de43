package import Addresses

// Messages of rtnetlink(7) about routes to other networks.
extension NetlinkBatch {
    /// A way to `destination` over the interface `index`.
    package struct Route: Sendable {
        package var destination: Subnet
        /// Whom packets are handed to there: it need not be in a subnet of the interface's (RTNH_F_ONLINK).
        package var gateway: IPAddress
        package var index: UInt32
        /// The number of the routing table: 254 is the main one.
        package var table: UInt8 = 254
        /// In bytes: what is larger is refused, or cut up, before it is sent; nil: what the interface takes.
        package var mtu: UInt32?

        package init(to destination: Subnet, via gateway: IPAddress, over index: UInt32) {
            self.destination = destination
            self.gateway = gateway
            self.index = index
        }

        // struct rtmsg
        fileprivate func head() -> [UInt8] {
            header {
                $0.put(UInt8(gateway.isV4 ? 2 : 10))
                $0.put(UInt8(truncatingIfNeeded: destination.prefix))
                // RTPROT_STATIC, RT_SCOPE_UNIVERSE, RTN_UNICAST
                for field in [0, 0, table, 4, 0, 1] as [UInt8] { $0.put(field) }
                // RTNH_F_ONLINK
                $0.put(UInt32(4))
            }
        }

        fileprivate func write(to attributes: inout AttributeWriter) {
            if destination.prefix > 0 { attributes.put(1, destination.base) }
            attributes.put(5, gateway)
            attributes.put(4, index)
            // RTA_METRICS, RTAX_MTU
            if let mtu { attributes.nest(8) { $0.put(2, mtu) } }
        }
    }

    /// Sets a route, in the place of the one to the same destination that its table has.
    package mutating func setRoute(_ route: Route) {
        add(24, [.create, .replace], header: route.head(), "set the route to \(route.destination)") {
            route.write(to: &$0)
        }
    }

    /// Removes a route; fails with ESRCH where it is not there.
    package mutating func removeRoute(_ route: Route) {
        add(25, header: route.head(), "remove the route to \(route.destination)") { route.write(to: &$0) }
    }

    /// Asks for all routes of version 4, of all tables.
    package mutating func askForRoutes() {
        add(26, .dump, header: [2] + [UInt8](repeating: 0, count: 11), nil)
    }
}

/// A route as the kernel describes it.
package struct RouteMessage: Sendable {
    package let destination: Subnet
    /// The number of its table.
    package let table: UInt32
    /// The interface that it leads over; nil for one that leads over several, or refuses.
    package let index: UInt32?

    /// nil for a message that is none of a route of version 4.
    package init?(_ message: NetlinkMessage) {
        guard message.type == 24, message.payload.count >= 12, message.payload.number(at: 0, UInt8.self) == 2 else {
            return nil
        }
        let attributes = message.attributes(behind: 12)
        var address = IPAddress.v4(0)
        if let bytes = attributes[1] {
            guard let found = IPAddress(bytes: Array(bytes)) else { return nil }
            address = found
        }
        guard let subnet = Subnet(address, prefix: Int(message.payload.number(at: 1, UInt8.self))) else { return nil }
        destination = subnet
        table = attributes.number(15, UInt32.self) ?? UInt32(message.payload.number(at: 4, UInt8.self))
        index = attributes.number(4, UInt32.self)
    }
}
