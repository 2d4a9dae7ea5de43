import Addresses
import Linux
import Netlink

// What is added for each container, and taken away again.
extension PacketRules {
    /// A container's place on a bridge: the bridge's port, and an address.
    struct Place {
        var port: UInt32
        var address: IPAddress
        /// Whether what it sends to the world goes over the uplink.
        var isForwarded = false
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
            if place.isForwarded { batch.addElement(key, to: forwarded, of: name, .v4) }
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
            if place.isForwarded { changes.append { $0.removeElement(key, from: forwarded, of: name, .v4) } }
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
