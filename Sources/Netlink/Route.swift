package import Addresses

// Messages of rtnetlink(7), with the numbers of <linux/rtnetlink.h>, if_link.h, if_addr.h and fib_rules.h.
extension NetlinkBatch {
    /// A network interface that is made or changed.
    package struct Link: Sendable {
        /// At most 15 bytes; nil lets the kernel name it.
        package var name: String?
        /// In bytes; nil leaves the kernel's.
        package var mtu: UInt32?
        package var hardwareAddress: HardwareAddress?
        /// The index of the bridge that it becomes a port of.
        package var master: UInt32?
        /// A descriptor of the namespace that it is to be in.
        package var namespace: Int32?
        package var isUp = false

        package init(name: String?) { self.name = name }

        fileprivate func write(to attributes: inout AttributeWriter) {
            if let name { attributes.put(3, text: name) }
            if let mtu { attributes.put(4, mtu) }
            if let hardwareAddress { attributes.put(1, hardwareAddress.bytes) }
            if let master { attributes.put(10, master) }
            if let namespace { attributes.put(28, namespace) }
        }
    }

    // struct ifinfomsg, with IFF_UP set or left.
    private static func linkHeader(index: UInt32 = 0, isUp: Bool) -> [UInt8] {
        header {
            $0.put(UInt8(0))
            $0.put(UInt8(0))
            $0.put(UInt16(0))
            $0.put(index)
            $0.put(UInt32(isUp ? 1 : 0))
            $0.put(UInt32(isUp ? 1 : 0))
        }
    }

    /// A new bridge. Fails with EEXIST where there is an interface of its name.
    package mutating func addBridge(_ link: Link) {
        add(
            16, [.create, .exclusive], header: Self.linkHeader(isUp: link.isUp), "make the bridge \(link.name ?? "")"
        ) { attributes in
            link.write(to: &attributes)
            attributes.nest(18) { $0.put(1, text: "bridge") }
        }
    }

    /// A new pair of interfaces: `link` here, `peer` wherever its namespace says, which cannot be brought up by this message.
    package mutating func addPair(_ link: Link, peer: Link) {
        add(16, [.create, .exclusive], header: Self.linkHeader(isUp: link.isUp), "make a pair of interfaces") {
            attributes in
            link.write(to: &attributes)
            attributes.nest(18) { info in
                info.put(1, text: "veth")
                info.nest(2) { data in
                    var inner = AttributeWriter()
                    peer.write(to: &inner)
                    data.put(1, Self.linkHeader(isUp: false) + inner.bytes)
                }
            }
        }
    }

    /// Has the bridge pass nothing from the port `index` to others that are isolated (IFLA_BRPORT_ISOLATED, Linux 4.18).
    package mutating func isolatePort(_ index: UInt32) {
        var head = Self.linkHeader(index: index, isUp: true)
        // AF_BRIDGE
        head[0] = 7
        add(19, header: head, "isolate a port of a bridge") { attributes in
            attributes.nest(12) { $0.put(33, UInt8(1)) }
        }
    }

    /// Brings the interface `index` up; with `linkLocal` false it gets no address of IPv6 by itself (IN6_ADDR_GEN_MODE_NONE).
    package mutating func bringUp(_ index: UInt32, linkLocal: Bool) {
        add(16, header: Self.linkHeader(index: index, isUp: true), "bring an interface up") { attributes in
            guard !linkLocal else { return }
            attributes.nest(26) { $0.nest(10) { $0.put(8, UInt8(1)) } }
        }
    }

    /// Removes the interface `name`, which takes the kernel 20 ms.
    package mutating func removeLink(_ name: String) {
        add(17, header: Self.linkHeader(isUp: false), "remove the interface \(name)") { $0.put(3, text: name) }
    }

    /// Removes the interface `index`, as `removeLink(_:)` with a name does.
    package mutating func removeLink(_ index: UInt32) {
        add(17, header: Self.linkHeader(index: index, isUp: false), "remove the interface \(index)")
    }

    /// Asks for all addresses of all interfaces.
    package mutating func askForAddresses() { add(22, .dump, header: [UInt8](repeating: 0, count: 8), nil) }

    /// Gives the interface `index` an address, whose others need not be asked whether they have it.
    package mutating func addAddress(_ address: IPAddress, prefix: Int, to index: UInt32) {
        let head = header {
            $0.put(UInt8(address.isV4 ? 2 : 10))
            $0.put(UInt8(truncatingIfNeeded: prefix))
            // IFA_F_NODAD
            $0.put(UInt8(address.isV4 ? 0 : 2))
            $0.put(UInt8(0))
            $0.put(index)
        }
        add(20, [.create, .exclusive], header: head, "set the address \(address)") {
            $0.put(2, address)
            $0.put(1, address)
            if address.isV4, prefix < 31, let subnet = Subnet(address, prefix: prefix) { $0.put(4, subnet.last) }
        }
    }

    // struct ndmsg
    private static func neighbourHeader(family: UInt8, _ index: UInt32, state: UInt16, flags: UInt8 = 0) -> [UInt8] {
        header {
            $0.put(family)
            $0.put(UInt8(0))
            $0.put(UInt16(0))
            $0.put(index)
            $0.put(state)
            $0.put(flags)
            $0.put(UInt8(0))
        }
    }

    /// Has `address` found at `hardwareAddress` by the interface `index`, as if it had been asked for (NUD_REACHABLE), or for
    /// good (NUD_PERMANENT).
    package mutating func setNeighbour(
        _ address: IPAddress, _ hardwareAddress: HardwareAddress, over index: UInt32, isPermanent: Bool = false
    ) {
        let head = Self.neighbourHeader(family: address.isV4 ? 2 : 10, index, state: isPermanent ? 0x80 : 2)
        add(28, [.create, .replace], header: head, "set the neighbour \(address)") {
            $0.put(1, address)
            $0.put(2, hardwareAddress.bytes)
        }
    }

    /// Has a bridge send what is for `hardwareAddress` to its port `index`, as if it had come from there (NTF_MASTER).
    package mutating func setForwarding(_ hardwareAddress: HardwareAddress, to index: UInt32) {
        // A port that is not up yet takes no others than static ones (NUD_NOARP).
        let head = Self.neighbourHeader(family: 7, index, state: 0x40, flags: 4)
        add(28, [.create, .replace], header: head, "set the port of \(hardwareAddress)") {
            $0.put(2, hardwareAddress.bytes)
        }
    }

    // struct rtmsg
    private static func routeHeader(v4: Bool, table: UInt8, scope: UInt8, type: UInt8) -> [UInt8] {
        header {
            $0.put(UInt8(v4 ? 2 : 10))
            for field in [0, 0, 0, table, 4, scope, type] as [UInt8] { $0.put(field) }
            $0.put(UInt32(0))
        }
    }

    /// The default route of the main table, by the interface `index`, in the place of the one that there is.
    package mutating func setDefaultRoute(via gateway: IPAddress, over index: UInt32) {
        let head = Self.routeHeader(v4: gateway.isV4, table: 254, scope: 0, type: 1)
        add(24, [.create, .replace], header: head, "set the route by \(gateway)") {
            $0.put(5, gateway)
            $0.put(4, index)
        }
    }

    /// Has what `table` is asked for delivered here, whatever its address (IP_TRANSPARENT, ip(7)). 1 is loopback's index.
    package mutating func addLocalDelivery(v4: Bool, table: UInt8) {
        add(24, [.create], header: Self.routeHeader(v4: v4, table: table, scope: 254, type: 2), "set a local route") {
            $0.put(4, UInt32(1))
        }
    }

    /// Has packets with `mark` routed by `table`.
    package mutating func addRule(v4: Bool, mark: UInt32, table: UInt8) {
        let head = header {
            $0.put(UInt8(v4 ? 2 : 10))
            for field in [0, 0, 0, table, 0, 0, 1] as [UInt8] { $0.put(field) }
            $0.put(UInt32(0))
        }
        add(32, [.create, .exclusive], header: head, "set a rule for routes") {
            $0.put(6, UInt32(100))
            $0.put(10, mark)
        }
    }

    /// Asks for the interface `name`.
    package mutating func askForLink(_ name: String) {
        add(18, header: Self.linkHeader(isUp: false), "find the interface \(name)") { $0.put(3, text: name) }
    }

    /// Asks for all interfaces.
    package mutating func askForLinks() { add(18, .dump, header: Self.linkHeader(isUp: false), nil) }
}

/// An interface as the kernel describes it.
package struct LinkMessage: Sendable {
    package let index: UInt32
    package let name: String
    package let isUp: Bool
    package let mtu: UInt32?
    /// The index of the bridge that it is a port of.
    package let master: UInt32?

    /// nil for a message that is none of an interface.
    package init?(_ message: NetlinkMessage) {
        guard message.type == 16, message.payload.count >= 16 else { return nil }
        let attributes = message.attributes(behind: 16)
        index = message.payload.number(at: 4, UInt32.self)
        isUp = message.payload.number(at: 8, UInt32.self) & 1 != 0
        name = attributes.text(3) ?? ""
        mtu = attributes.number(4, UInt32.self)
        master = attributes.number(10, UInt32.self)
    }
}

/// An address of an interface, as the kernel describes it.
package struct AddressMessage: Sendable {
    /// The interface's.
    package let index: UInt32
    package let address: IPAddress
    package let prefix: Int

    /// nil for a message that is none of an address.
    package init?(_ message: NetlinkMessage) {
        guard message.type == 20, message.payload.count >= 8 else { return nil }
        let attributes = message.attributes(behind: 8)
        // Of a connection from point to point the other one is its peer's.
        guard let bytes = attributes[2] ?? attributes[1], let address = IPAddress(bytes: Array(bytes)) else {
            return nil
        }
        index = message.payload.number(at: 4, UInt32.self)
        self.address = address
        prefix = Int(message.payload.number(at: 1, UInt8.self))
    }
}
