package import Addresses
import Glibc
package import Linux
import Netlink

/// The resolver's sockets in a container's namespace: numbers of descriptors, which the process that holds them passes on by
/// fork(2) and closes with `close()`.
package struct ResolverSockets: Sendable {
    package let udp: CInt
    /// Listens.
    package let tcp: CInt
    // By which the rules were made. To close it waits for the end of what nf_tables is taking down anywhere.
    private let rules: CInt?

    /// Closes the descriptors.
    package func close() {
        for number in [udp, tcp, rules] { if let number { Glibc.close(number) } }
    }

    /// Where it answers.
    package static let address = IPAddress.v4(0x7f00_000b)

    private static let port: UInt16 = 53

    /// Sockets of UDP and TCP on 127.0.0.11 in the network namespace `container`; the caller closes them. Questions to port 53
    /// reach them, and yet a server of the container's can have that port on all addresses: they are on others, and two rules
    /// for each protocol exchange the numbers. Where the kernel takes no rules they are on port 53 themselves.
    package static func make(in container: CInt) throws(SystemError) -> ResolverSockets {
        do throws(SystemError) { return try make(in: container, isHidden: true) } catch {
            return try make(in: container, isHidden: false)
        }
    }

    private static func make(in container: CInt, isHidden: Bool) throws(SystemError) -> ResolverSockets {
        var kinds = [
            NamespaceSockets.Kind(domain: AF_INET, type: CInt(SOCK_DGRAM.rawValue)),
            NamespaceSockets.Kind(domain: AF_INET, type: CInt(SOCK_STREAM.rawValue)),
        ]
        if isHidden { kinds.append(NetlinkSocket.Family.netfilter.kind) }
        let numbers = try NamespaceSockets.make(kinds, in: container)
        let (udp, tcp) = (numbers[0], numbers[1])
        do throws(SystemError) {
            for number in [udp, tcp] {
                // A server of the container's that wants port 53 on all addresses, and says that others may have theirs.
                try InternetSocket.set(SO_REUSEADDR, of: SOL_SOCKET, to: 1, on: number)
                try InternetSocket.bind(number, to: SocketAddress(address, port: isHidden ? 0 : port))
            }
            try InternetSocket.listen(tcp)
            guard isHidden else { return ResolverSockets(udp: udp, tcp: tcp, rules: nil) }
            let rules = exchange(
                udp: try InternetSocket.localAddress(udp).port, tcp: try InternetSocket.localAddress(tcp).port)
            // A descriptor of its own for the conversation: the other one is kept.
            let netfilter = NetlinkSocket(
                owning: FileDescriptor(owning: try DescriptorTable.copy(numbers[2], atLeast: 3)))
            do throws(NetlinkError) { try netfilter.run(rules) } catch {
                throw SystemError("sendmsg", error.subject, error.errno)
            }
            return ResolverSockets(udp: udp, tcp: tcp, rules: numbers[2])
        } catch {
            for number in numbers { Glibc.close(number) }
            throw error
        }
    }

    // Without connections being tracked: that would cost every packet of the container.
    private static func exchange(udp: UInt16, tcp: UInt16) -> NetlinkBatch {
        let (table, chain) = (PacketRules.name, "resolver")
        var batch = NetlinkBatch()
        batch.beginTransaction()
        batch.addTable(table, .v4)
        batch.addChain(chain, of: table, .v4, .output, priority: -300)
        func bytes(_ port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 255)] }
        // Where the checksum is in a header of UDP, and of TCP.
        for (number, own, checksum) in [(UInt8(17), udp, UInt32(6)), (6, tcp, 16)] {
            // What is sent to it (to the address at 16, and the port at 2), and what it sends (from 12, and 0).
            for (place, offset, from, to) in [(UInt32(16), UInt32(2), port, own), (12, 0, own, port)] {
                batch.addRule(
                    [
                        .load(.transportProtocol), .compare([number]), .load(.network, at: place, count: 4),
                        .compare(address.bytes), .load(.transport, at: offset, count: 2), .compare(bytes(from)),
                        .put(bytes(to)), .store(.transport, at: offset, count: 2, checksum: checksum),
                    ], to: chain, of: table, .v4)
            }
        }
        batch.commit()
        return batch
    }
}
