import Addresses
import Glibc
import Linux
import Netlink

/// The rules that packets of containers meet when they leave their bridge: what is for a socket of ours gets there, connections
/// and datagrams to anywhere go to the gate of the container that they are from, and the rest is refused.
enum PacketRules {
    static let name = "apus"
    /// The routing table by which everything is delivered here.
    static let table: UInt8 = 100
    private static let chain = "incoming"
    static let endpoints = "endpoints"
    static let addresses = "addresses"
    static let owners = "owners"
    static let forwarded = "forwarded"
    /// The routing table by which packets leave over the uplink, and over nothing else.
    static let uplinkTable: UInt8 = 101

    /// What a gate says of a packet that it has seen, by the packet's mark.
    enum Mark: UInt32, CaseIterable {
        case deliver = 1
        case reset
        case hostUnreachable
        case networkUnreachable
        case prohibited
        case portUnreachable
        /// Not a gate's: a packet that leaves over the uplink.
        case forward

        // RFC 792 and RFC 1812, 5.2.7.1; RFC 4443, 3.1.
        fileprivate func refusal(v4: Bool) -> Expression.Refusal? {
            switch self {
            case .deliver, .forward: nil
            case .reset: .reset
            case .hostUnreachable: .unreachable(code: v4 ? 1 : 3)
            case .networkUnreachable: .unreachable(code: 0)
            case .prohibited: .unreachable(code: v4 ? 13 : 1)
            case .portUnreachable: .unreachable(code: v4 ? 3 : 4)
            }
        }
    }

    static func native<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number) { Array($0) }
    }

    static func network<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] { native(number.bigEndian) }

    static let tcp: [Expression] = [.load(.transportProtocol), .compare([6])]
    static let udp: [Expression] = [.load(.transportProtocol), .compare([17])]
    static let markDelivery: [Expression] = [.put(native(Mark.deliver.rawValue)), .setMark()]

    private static func source(v4: Bool, to register: UInt32 = 0) -> Expression {
        v4 ? .load(.network, at: 12, count: 4, to: register) : .load(.network, at: 8, count: 16, to: register)
    }

    private static let destination4 = Expression.load(.network, at: 16, count: 4)

    // A packet of TCP that is not a connection's first.
    private static let later =
        tcp + [.load(.transport, at: 13, count: 1), .mask([0x12]), .compare([0x02], isNot: true)]

    // By the sender, which the bridge has held it to.
    private static let isForwarded: [Expression] = [source(v4: true), .lookup(forwarded)]

    // Over the uplink, but for what the machine itself is, and what is on a bridge here: these are the gate's affair, which tells
    // the truth of them.
    private static let forward: [Expression] = [
        destination4, .compare(SharedNamespace.hostAddress.bytes, isNot: true), .destinationType(),
        .compare(native(UInt32(1))), .routeToDestination(), .compare(native(UInt32(0))),
        .put(native(Mark.forward.rawValue)), .setMark(), .verdict(.accept),
    ]

    /// The rules of a new namespace.
    static func base() -> NetlinkBatch {
        var batch = NetlinkBatch()
        batch.beginTransaction()
        addBridgeRules(&batch)
        for family in [PacketFamily.v4, .v6] { addRules(&batch, family) }
        batch.commit()
        return batch
    }

    // An address of one container may not be another's sender: gates know their containers by it.
    private static func addBridgeRules(_ batch: inout NetlinkBatch) {
        batch.addTable(name, .bridge)
        batch.addChain(chain, of: name, .bridge, priority: -300)
        var number: UInt32 = 1
        for (suffix, size) in [("4", UInt32(4)), ("6", 16)] {
            batch.addSet(addresses + suffix, of: name, .bridge, size: size, number: number)
            batch.addSet(owners + suffix, of: name, .bridge, size: 4 + size, number: number + 1)
            number += 2
        }
        // Where the sender is in a packet of each protocol (ETH_P_IP, ETH_P_ARP, ETH_P_IPV6).
        for (suffix, type, offset, size) in [
            ("4", UInt16(0x0800), UInt32(12), UInt32(4)), ("4", 0x0806, 14, 4), ("6", 0x86dd, 8, 16),
        ] {
            let isOfType: [Expression] = [.load(.linkProtocol), .compare(network(type))]
            let sender = Expression.load(.network, at: offset, count: size, to: 1)
            batch.addRule(
                isOfType + [.load(.inputIndex), sender, .lookup(owners + suffix), .verdict(.accept)], to: chain,
                of: name,
                .bridge)
            batch.addRule(
                isOfType + [.load(.network, at: offset, count: size), .lookup(addresses + suffix), .verdict(.drop)],
                to: chain, of: name, .bridge)
        }
    }

    private static func addRules(_ batch: inout NetlinkBatch, _ family: PacketFamily) {
        let v4 = family == .v4
        batch.addTable(name, family)
        batch.addSet(endpoints, of: name, family, size: v4 ? 4 : 16, isMap: true, number: 10)
        // The place of iptables' mangle (NF_IP_PRI_MANGLE): in front of all that looks for a route.
        batch.addChain(chain, of: name, family, priority: -150)
        func rule(_ expressions: [Expression]) { batch.addRule(expressions, to: chain, of: name, family) }
        rule([.load(.inputIndex), .compare(native(UInt32(1))), .verdict(.accept)])
        if v4 { batch.addSet(forwarded, of: name, family, size: 4, number: 11) }
        // What the machine hands over: to containers whose packets it forwards, and to nobody else.
        let fromUplink: [Expression] = [.load(.inputName), .compare(Uplink.nameBytes)]
        if v4 { rule(fromUplink + [destination4, .lookup(forwarded), .verdict(.accept)]) }
        rule(fromUplink + [.verdict(.drop)])
        if !v4 {
            // The neighbours' and routers' words (RFC 4861) are the bridge's own affair.
            for type in [UInt8(133), 134, 135, 136] {
                rule([
                    .load(.transportProtocol), .compare([58]), .load(.transport, at: 0, count: 1), .compare([type]),
                    .verdict(.accept),
                ])
            }
        }
        // PACKET_BROADCAST, PACKET_MULTICAST
        for type in [UInt8(1), 2] { rule([.load(.packetType), .compare([type]), .verdict(.drop)]) }
        // What another's gate listens at is any port of the world's to a container that does not go by its own.
        if v4 { rule(isForwarded + later + [.socket(isWildcard: true), .compare([1])] + forward) }
        // Of connections that are there, or nearly so. A gate's own listeners take nothing new but what is led to them.
        rule(later + [.socket(), .compare([1])] + markDelivery + [.verdict(.accept)])
        rule(
            udp + [.socket(), .compare([1]), .socket(isWildcard: true), .compare([0])] + markDelivery + [
                .verdict(.accept)
            ])
        for mark in Mark.allCases {
            guard let refusal = mark.refusal(v4: v4) else { continue }
            rule([.load(.mark), .compare(native(mark.rawValue)), .reject(refusal)])
        }
        if v4 { rule(isForwarded + forward) }
        rule([source(v4: v4), .lookup(endpoints, isMap: true)])
        rule([.verdict(.drop)])
    }

    /// Finds out how rules of this kernel ask processes.
    static func queueKind(_ socket: borrowing NetlinkSocket) throws(NetworkError) -> SharedNamespace.QueueKind {
        for kind in [SharedNamespace.QueueKind.expression, .target] {
            var batch = NetlinkBatch()
            batch.beginTransaction()
            batch.addChain("probe", of: name, .v4)
            batch.addRule([queue(0, kind)], to: "probe", of: name, .v4)
            batch.commit()
            do throws(NetlinkError) {
                try socket.run(batch)
                return kind
            } catch { if kind == .target { throw .unsupported(error) } }
        }
        fatalError("unreachable: the last kind returns or throws")
    }

    static func queue(_ number: UInt16, _ kind: SharedNamespace.QueueKind) -> Expression {
        kind == .expression ? .queue(number) : .queueByTarget(number)
    }
}
