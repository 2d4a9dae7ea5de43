import Addresses
import Glibc
import Linux

/// Tells the others on a bridge that addresses are an interface's from now on: whoever has talked to their former holder goes on
/// sending to that, otherwise, as long as its namespace is being taken down and longer.
struct Announcement {
    /// The interface, by its index in the container.
    var index: UInt32
    var hardwareAddress: HardwareAddress
    var addresses: [IPAddress]

    /// Sends it. Nobody answers it, and what cannot be sent is found out by asking, as it is without.
    func send(in container: CInt) throws(SystemError) {
        // With no protocol nothing is received (packet(7)).
        let kind = NamespaceSockets.Kind(domain: AF_PACKET, type: CInt(SOCK_DGRAM.rawValue))
        let socket = FileDescriptor(owning: try NamespaceSockets.make([kind], in: container)[0])
        for address in addresses {
            let (payload, type, receiver): ([UInt8], UInt16, [UInt8]) =
                address.isV4
                ? (resolution(address), 0x0806, [UInt8](repeating: 0xff, count: 6))
                : (advertisement(address), 0x86dd, [0x33, 0x33, 0, 0, 0, 1])
            let place = place(of: receiver, type)
            let number = socket.rawValue
            try check("sendto", "\(address)") {
                place.withUnsafeBytes { bytes in
                    sendto(
                        number, payload, payload.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL),
                        bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
                }
            }
        }
    }

    // struct sockaddr_ll
    private func place(of receiver: [UInt8], _ type: UInt16) -> [UInt8] {
        var bytes: [UInt8] = []
        withUnsafeBytes(of: UInt16(AF_PACKET)) { bytes += Array($0) }
        bytes += [UInt8(type >> 8), UInt8(type & 255)]
        withUnsafeBytes(of: index) { bytes += Array($0) }
        return bytes + [0, 0, 0, 6] + receiver + [0, 0]
    }

    // An announcement of ARP (RFC 5227, section 3): a request for one's own address.
    private func resolution(_ address: IPAddress) -> [UInt8] {
        [0, 1, 8, 0, 6, 4, 0, 1] + hardwareAddress.bytes + address.bytes + [0, 0, 0, 0, 0, 0] + address.bytes
    }

    // An unsolicited neighbour advertisement that overrides (RFC 4861, sections 4.4 and 7.2.6), to all nodes.
    private func advertisement(_ address: IPAddress) -> [UInt8] {
        let message: [UInt8] = [136, 0, 0, 0, 0x20, 0, 0, 0] + address.bytes + [2, 1] + hardwareAddress.bytes
        return ControlMessage.packet(message, from: address, to: .v6(0xff02 << 48, 1), timeToLive: 255)
    }
}

extension SharedNamespace {
    /// Tells the others on the bridges of a container, whose network namespace is `container`, that it has come. Where its
    /// hardware address follows from its address they know it already, and are spared it: a socket of packets takes the kernel
    /// 10 ms to close.
    package static func announce(_ attachments: [Attachment], of container: CInt) {
        for attachment in attachments where !attachment.isPredictable {
            let announcement = Announcement(
                index: attachment.index, hardwareAddress: attachment.hardwareAddress, addresses: attachment.addresses)
            try? announcement.send(in: container)
        }
    }
}
