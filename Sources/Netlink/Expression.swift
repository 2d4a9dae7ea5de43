/// One step of a rule of nf_tables, by what <linux/netfilter/nf_tables.h> calls it. Registers are the sixteen of four bytes.
package struct Expression: Sendable {
    let name: String
    let write: @Sendable (inout AttributeWriter) -> Void

    /// The register of four bytes with this number, 0 to 15 (NFT_REG32_00 and on).
    package static func register(_ number: UInt32) -> UInt32 { 8 + number }

    private static func data(_ writer: inout AttributeWriter, _ type: UInt16, _ bytes: [UInt8]) {
        writer.nest(type) { $0.put(1, bytes) }
    }

    /// A fact of the packet that is not in it.
    package enum Meta: UInt32, Sendable {
        case linkProtocol = 1
        case mark = 3
        case inputIndex = 4
        case outputIndex = 5
        /// In 16 bytes, four registers, filled up with zero bytes.
        case inputName = 6
        case transportProtocol = 16
        case packetType = 19
    }

    /// Puts a fact into a register.
    package static func load(_ meta: Meta, to register: UInt32 = 0) -> Expression {
        Expression(name: "meta") {
            $0.put(1, network: Self.register(register))
            $0.put(2, network: meta.rawValue)
        }
    }

    /// Sets the mark to what is in a register.
    package static func setMark(from register: UInt32 = 0) -> Expression {
        Expression(name: "meta") {
            $0.put(2, network: Meta.mark.rawValue)
            $0.put(3, network: Self.register(register))
        }
    }

    /// Where bytes of the packet are counted from.
    package enum Base: UInt32, Sendable {
        case network = 1
        case transport = 2
    }

    /// Puts bytes of the packet into a register.
    package static func load(
        _ base: Base, at offset: UInt32, count: UInt32, to register: UInt32 = 0
    ) -> Expression {
        Expression(name: "payload") {
            $0.put(1, network: Self.register(register))
            $0.put(2, network: base.rawValue)
            $0.put(3, network: offset)
            $0.put(4, network: count)
        }
    }

    /// Puts bytes of a register into the packet, and sets the checksum right that stands at `checksum` (RFC 1624).
    package static func store(
        _ base: Base, at offset: UInt32, count: UInt32, checksum: UInt32, from register: UInt32 = 0
    ) -> Expression {
        Expression(name: "payload") {
            $0.put(2, network: base.rawValue)
            $0.put(3, network: offset)
            $0.put(4, network: count)
            $0.put(5, network: Self.register(register))
            // NFT_PAYLOAD_CSUM_INET
            $0.put(6, network: UInt32(1))
            $0.put(7, network: checksum)
        }
    }

    /// Goes on where the register has these bytes, or, with `isNot`, others.
    package static func compare(_ bytes: [UInt8], isNot: Bool = false, in register: UInt32 = 0) -> Expression {
        Expression(name: "cmp") {
            $0.put(1, network: Self.register(register))
            $0.put(2, network: UInt32(isNot ? 1 : 0))
            data(&$0, 3, bytes)
        }
    }

    /// Keeps those bits of the register that `mask` has.
    package static func mask(_ mask: [UInt8], in register: UInt32 = 0) -> Expression {
        Expression(name: "bitwise") {
            $0.put(1, network: Self.register(register))
            $0.put(2, network: Self.register(register))
            $0.put(3, network: UInt32(truncatingIfNeeded: mask.count))
            data(&$0, 4, mask)
            data(&$0, 5, [UInt8](repeating: 0, count: mask.count))
        }
    }

    /// Goes on where the set has the register's value; the verdict of a map is followed.
    package static func lookup(_ set: String, in register: UInt32 = 0, isMap: Bool = false) -> Expression {
        Expression(name: "lookup") {
            $0.put(1, text: set)
            $0.put(2, network: Self.register(register))
            // NFT_REG_VERDICT
            if isMap { $0.put(3, network: UInt32(0)) }
        }
    }

    /// Puts bytes into a register.
    package static func put(_ bytes: [UInt8], to register: UInt32 = 0) -> Expression {
        Expression(name: "immediate") {
            $0.put(1, network: Self.register(register))
            data(&$0, 2, bytes)
        }
    }

    /// Ends the rule with a verdict.
    package static func verdict(_ verdict: Verdict) -> Expression {
        Expression(name: "immediate") {
            $0.put(1, network: UInt32(0))
            $0.nest(2) { verdict.write(to: &$0) }
        }
    }

    /// Puts 1 into a register where a socket that the packet is for is transparent (IP_TRANSPARENT), or bound to no address of
    /// its own (Linux 5.9); ends the rule where there is none.
    package static func socket(isWildcard: Bool = false) -> Expression {
        Expression(name: "socket") {
            $0.put(1, network: UInt32(isWildcard ? 2 : 0))
            $0.put(2, network: Self.register(0))
        }
    }

    /// Gives the packet to the transparent socket at the port in the register, whatever its destination.
    package static func transparentProxy(v4: Bool, port register: UInt32 = 0) -> Expression {
        Expression(name: "tproxy") {
            $0.put(1, network: UInt32(v4 ? 2 : 10))
            $0.put(3, network: Self.register(register))
        }
    }

    /// Puts the sort of the packet's destination into a register, by the machine's own addresses (RTN_UNICAST and others of
    /// <linux/rtnetlink.h>).
    package static func destinationType() -> Expression { fib(result: 3) }

    /// Puts the index of the interface into a register by which the routes lead to the packet's destination, whatever the
    /// packet's mark; 0 where there is no route, and for the machine's own addresses.
    package static func routeToDestination() -> Expression { fib(result: 1) }

    private static func fib(result: UInt32) -> Expression {
        Expression(name: "fib") {
            $0.put(1, network: Self.register(0))
            $0.put(2, network: result)
            // NFTA_FIB_F_DADDR
            $0.put(3, network: UInt32(2))
        }
    }

    /// Puts what the packet is to the connection that it belongs to into a register: a bit of four bytes
    /// (`ConnectionState`).
    package static func loadConnectionState() -> Expression {
        Expression(name: "ct") {
            $0.put(1, network: Self.register(0))
            // NFT_CT_STATE
            $0.put(2, network: UInt32(0))
        }
    }

    /// Bits of `loadConnectionState` (NF_CT_STATE_BIT).
    package enum ConnectionState {
        package static let established: UInt32 = 2
        package static let related: UInt32 = 4
    }

    /// Gives the packet's connection the address of the interface by which it leaves as its sender.
    package static func masquerade() -> Expression { Expression(name: "masq") { _ in } }

    /// How a packet is refused.
    package enum Refusal: Sendable {
        case reset
        /// By ICMP's code for destinations that are not reached; of the version of the packet.
        case unreachable(code: UInt8)
    }

    /// Refuses the packet with an answer to its sender.
    package static func reject(_ refusal: Refusal) -> Expression {
        Expression(name: "reject") {
            switch refusal {
            case .reset: $0.put(1, network: UInt32(1))
            case .unreachable(let code):
                $0.put(1, network: UInt32(0))
                $0.put(2, code)
            }
        }
    }

    /// Has a process decide (nfnetlink_queue).
    package static func queue(_ number: UInt16) -> Expression {
        Expression(name: "queue") {
            $0.put(1, network: number)
            $0.put(2, network: UInt16(1))
        }
    }

    /// The same by the target of iptables, for kernels without an expression of their own (CONFIG_NFT_QUEUE).
    package static func queueByTarget(_ number: UInt16) -> Expression {
        Expression(name: "target") {
            $0.put(1, text: "NFQUEUE")
            $0.put(2, network: UInt32(0))
            // struct xt_NFQ_info, aligned as the kernel wants it.
            $0.put(3, withUnsafeBytes(of: number) { Array($0) } + [UInt8](repeating: 0, count: 6))
        }
    }
}

/// What becomes of a packet.
package enum Verdict: Sendable {
    case accept
    case drop
    /// A chain of the same table goes on with it, and this one does not.
    case goto(String)

    func write(to writer: inout AttributeWriter) {
        writer.nest(2) {
            switch self {
            case .drop: $0.put(1, network: Int32(0))
            case .accept: $0.put(1, network: Int32(1))
            case .goto(let chain):
                $0.put(1, network: Int32(-4))
                $0.put(2, text: chain)
            }
        }
    }
}
