/// A family of nf_tables, and of packets.
package enum PacketFamily: UInt8, Sendable {
    case v4 = 2
    case bridge = 7
    case v6 = 10
}

// Messages of nf_tables (nfnetlink, <linux/netfilter/nf_tables.h>): they count together, between `beginTransaction` and
// `commit`, or not at all.
extension NetlinkBatch {
    // NFNL_SUBSYS_NFTABLES
    private static let subsystem: UInt16 = 10

    private static func head(_ family: UInt8, resource: UInt16 = 0) -> [UInt8] {
        header {
            $0.put(family)
            $0.put(UInt8(0))
            $0.put(resource.bigEndian)
        }
    }

    /// What follows is one change.
    package mutating func beginTransaction() { add(0x10, header: Self.head(0, resource: Self.subsystem), nil) }

    /// The end of the change.
    package mutating func commit() { add(0x11, header: Self.head(0, resource: Self.subsystem), nil) }

    private mutating func change(
        _ number: UInt16, _ family: PacketFamily, _ flags: Flags = [], _ subject: String,
        _ body: (inout AttributeWriter) -> Void
    ) {
        add(Self.subsystem << 8 | number, flags, header: Self.head(family.rawValue), subject, body)
    }

    /// A table, where there is none of that name. One that is owned is removed by the kernel when the socket is closed that
    /// sends this, and nobody else can change it (NFT_TABLE_F_OWNER, Linux 5.12; EINVAL or EOPNOTSUPP before).
    package mutating func addTable(_ table: String, _ family: PacketFamily, isOwned: Bool = false) {
        change(0, family, .create, Self.makingATable) {
            $0.put(1, text: table)
            if isOwned { $0.put(2, network: UInt32(2)) }
        }
    }

    /// What an error of `addTable` is about.
    package static let makingATable = "make a table of packet rules"

    /// Removes a table with all that is in it; fails with ENOENT where it is not there.
    package mutating func removeTable(_ table: String, _ family: PacketFamily) {
        change(2, family, [], "remove a table of packet rules") { $0.put(1, text: table) }
    }

    /// Which packets a chain sees: all that come in (NF_INET_PRE_ROUTING), those that are passed on (NF_INET_FORWARD), all that
    /// are sent here (NF_INET_LOCAL_OUT), or all that go out (NF_INET_POST_ROUTING).
    package enum Hook: UInt32, Sendable {
        case prerouting = 0
        case forward = 2
        case output = 3
        case postrouting = 4
    }

    /// A chain; with `priority` it sees every packet of `hook`, in that place of all chains, or, where it translates addresses,
    /// the first of each connection.
    package mutating func addChain(
        _ name: String, of table: String, _ family: PacketFamily, _ hook: Hook = .prerouting, priority: Int32? = nil,
        translates: Bool = false
    ) {
        change(3, family, .create, "make a chain of packet rules") {
            $0.put(1, text: table)
            $0.put(3, text: name)
            guard let priority else { return }
            $0.nest(4) {
                $0.put(1, network: hook.rawValue)
                $0.put(2, network: priority)
            }
            $0.put(5, network: UInt32(1))
            $0.put(7, text: translates ? "nat" : "filter")
        }
    }

    /// Removes a chain without rules that nothing leads to.
    package mutating func removeChain(_ name: String, of table: String, _ family: PacketFamily) {
        change(5, family, [], "remove a chain of packet rules") {
            $0.put(1, text: table)
            $0.put(3, text: name)
        }
    }

    /// A rule behind those that the chain has.
    package mutating func addRule(
        _ expressions: [Expression], to chain: String, of table: String, _ family: PacketFamily
    ) {
        change(6, family, [.create, .append], "add a packet rule (\(expressions.last?.name ?? ""))") {
            $0.put(1, text: table)
            $0.put(2, text: chain)
            $0.nest(4) { list in
                for expression in expressions {
                    list.nest(1) {
                        $0.put(1, text: expression.name)
                        $0.nest(2, expression.write)
                    }
                }
            }
        }
    }

    /// Removes all rules of a chain.
    package mutating func removeRules(of chain: String, of table: String, _ family: PacketFamily) {
        change(8, family, [], "remove packet rules") {
            $0.put(1, text: table)
            $0.put(2, text: chain)
        }
    }

    /// A set of keys of `size` bytes, or a map of them to verdicts. `number` is another for each set of a transaction.
    package mutating func addSet(
        _ name: String, of table: String, _ family: PacketFamily, size: UInt32, isMap: Bool = false, number: UInt32
    ) {
        change(9, family, .create, "make a set of packet rules") {
            $0.put(1, text: table)
            $0.put(2, text: name)
            // NFT_SET_MAP
            $0.put(3, network: UInt32(isMap ? 8 : 0))
            // The type is for those who print it: none.
            $0.put(4, network: UInt32(0))
            $0.put(5, network: size)
            // NFT_DATA_VERDICT
            if isMap { $0.put(6, network: UInt32(0xffff_ff00)) }
            if isMap { $0.put(7, network: UInt32(0)) }
            $0.put(10, network: number)
        }
    }

    /// Puts a key into a set, or, with a verdict, into a map.
    package mutating func addElement(
        _ key: [UInt8], _ verdict: Verdict? = nil, to set: String, of table: String, _ family: PacketFamily
    ) {
        element(12, .create, "add an address to packet rules", key, verdict, set, table, family)
    }

    /// Takes a key out of a set; fails with ENOENT where it is not in it.
    package mutating func removeElement(
        _ key: [UInt8], from set: String, of table: String, _ family: PacketFamily
    ) {
        element(14, [], "remove an address from packet rules", key, nil, set, table, family)
    }

    private mutating func element(
        _ number: UInt16, _ flags: Flags, _ subject: String, _ key: [UInt8], _ verdict: Verdict?, _ set: String,
        _ table: String, _ family: PacketFamily
    ) {
        change(number, family, flags, subject) {
            $0.put(1, text: table)
            $0.put(2, text: set)
            $0.nest(3) { list in
                list.nest(1) { element in
                    element.nest(1) { $0.put(1, key) }
                    if let verdict { element.nest(2) { verdict.write(to: &$0) } }
                }
            }
        }
    }
}
