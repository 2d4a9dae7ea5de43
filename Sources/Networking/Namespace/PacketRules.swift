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
    private static let endpoints = "endpoints"
    private static let addresses = "addresses"
    private static let owners = "owners"

    /// What a gate says of a packet that it has seen, by the packet's mark.
    enum Mark: UInt32, CaseIterable {
        case deliver = 1
        case reset
        case hostUnreachable
        case networkUnreachable
        case prohibited
        case portUnreachable

        // RFC 792 and RFC 1812, 5.2.7.1; RFC 4443, 3.1.
        fileprivate func refusal(v4: Bool) -> Expression.Refusal? {
            switch self {
            case .deliver: nil
            case .reset: .reset
            case .hostUnreachable: .unreachable(code: v4 ? 1 : 3)
            case .networkUnreachable: .unreachable(code: 0)
            case .prohibited: .unreachable(code: v4 ? 13 : 1)
            case .portUnreachable: .unreachable(code: v4 ? 3 : 4)
            }
        }
    }

    private static func native<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number) { Array($0) }
    }

    private static func network<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] { native(number.bigEndian) }

    private static let tcp: [Expression] = [.load(.transportProtocol), .compare([6])]
    private static let udp: [Expression] = [.load(.transportProtocol), .compare([17])]
    private static let markDelivery: [Expression] = [.put(native(Mark.deliver.rawValue)), .setMark()]

    private static func source(v4: Bool, to register: UInt32 = 0) -> Expression {
        v4 ? .load(.network, at: 12, count: 4, to: register) : .load(.network, at: 8, count: 16, to: register)
    }

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
        // Of connections that are there, or nearly so. A gate's own listeners take nothing new but what is led to them.
        rule(
            tcp + [
                .load(.transport, at: 13, count: 1), .mask([0x12]), .compare([0x02], isNot: true), .socket(),
                .compare([1]),
            ]
                + markDelivery + [.verdict(.accept)])
        rule(
            udp + [.socket(), .compare([1]), .socket(isWildcard: true), .compare([0])] + markDelivery + [
                .verdict(.accept)
            ])
        for mark in Mark.allCases {
            guard let refusal = mark.refusal(v4: v4) else { continue }
            rule([.load(.mark), .compare(native(mark.rawValue)), .reject(refusal)])
        }
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

    private static func queue(_ number: UInt16, _ kind: SharedNamespace.QueueKind) -> Expression {
        kind == .expression ? .queue(number) : .queueByTarget(number)
    }

    /// A container's place on a bridge: the bridge's port, and an address.
    struct Place {
        var port: UInt32
        var address: IPAddress
    }

    private static func chain(_ gate: UInt16) -> String { "c\(gate)" }

    /// Adds what leads the packets of the container at `places` to the gate whose listeners have the port `gate`, and whose
    /// queue that number.
    static func open(gate: UInt16, _ places: [Place], _ kind: SharedNamespace.QueueKind) -> NetlinkBatch {
        widen(gate: gate, [], by: places, kind)
    }

    /// Adds what leads the packets at `places` to a gate that serves `former` already.
    static func widen(
        gate: UInt16, _ former: [Place], by places: [Place], _ kind: SharedNamespace.QueueKind
    ) -> NetlinkBatch {
        var batch = NetlinkBatch()
        batch.beginTransaction()
        let known = families(former)
        for family in families(places) where !known.contains(family) {
            let v4 = family == .v4
            let chain = chain(gate)
            batch.addChain(chain, of: name, family)
            // Another's that had the number before.
            batch.removeRules(of: chain, of: name, family)
            func rule(_ expressions: [Expression]) { batch.addRule(expressions, to: chain, of: name, family) }
            let proxy: [Expression] = [
                .put(network(gate)), .transparentProxy(v4: v4), .verdict(.accept),
            ]
            rule(tcp + [.load(.mark), .compare(native(Mark.deliver.rawValue))] + proxy)
            // SYN without FIN, RST and ACK.
            rule(
                tcp + [.load(.transport, at: 13, count: 1), .mask([0x17]), .compare([0x02]), queue(gate, kind)])
            // Of a connection that is gone.
            rule(tcp + [.reject(.reset)])
            rule(udp + markDelivery + proxy)
            // Echo requests.
            rule([
                .load(.transportProtocol), .compare([v4 ? 1 : 58]), .load(.transport, at: 0, count: 1),
                .compare([v4 ? 8 : 128]), queue(gate, kind),
            ])
        }
        for place in places {
            let (family, suffix) = place.address.isV4 ? (PacketFamily.v4, "4") : (.v6, "6")
            let key = place.address.bytes
            batch.addElement(key, .goto(chain(gate)), to: endpoints, of: name, family)
            batch.addElement(key, to: addresses + suffix, of: name, .bridge)
            batch.addElement(native(place.port) + key, to: owners + suffix, of: name, .bridge)
        }
        batch.commit()
        return batch
    }

    private static func families(_ places: [Place]) -> [PacketFamily] {
        var families: [PacketFamily] = []
        for place in places {
            let family = place.address.isV4 ? PacketFamily.v4 : .v6
            if !families.contains(family) { families.append(family) }
        }
        return families
    }

    /// A part of what is changed at once.
    typealias Change = (inout NetlinkBatch) -> Void

    /// What takes away what was added for a gate: each part by itself, since what is not there any more keeps nothing else. It has
    /// `places` now, and had `former` ones before.
    static func close(gate: UInt16, _ places: [Place], former: [Place] = []) -> [Change] {
        var changes = forget(places)
        for family in families(places + former) {
            changes.append {
                $0.removeRules(of: chain(gate), of: name, family)
                $0.removeChain(chain(gate), of: name, family)
            }
        }
        return changes
    }

    /// What takes away what leads from `places` to a gate.
    static func forget(_ places: [Place]) -> [Change] {
        var changes: [Change] = []
        for place in places {
            let (family, suffix) = place.address.isV4 ? (PacketFamily.v4, "4") : (.v6, "6")
            let key = place.address.bytes
            changes.append { $0.removeElement(key, from: endpoints, of: name, family) }
            changes.append { $0.removeElement(key, from: addresses + suffix, of: name, .bridge) }
            changes.append { $0.removeElement(native(place.port) + key, from: owners + suffix, of: name, .bridge) }
        }
        return changes
    }

    /// What `changes` do, all or nothing.
    static func transaction(_ changes: [Change]) -> NetlinkBatch {
        var batch = NetlinkBatch()
        batch.beginTransaction()
        for change in changes { change(&batch) }
        batch.commit()
        return batch
    }
}
