/// Takes packets apart that the interfaces of containers would not carry whole: the kernel does so with no packet that comes with
/// a header of its own (raw(7)).
enum Fragments {
    // What every link that IPv6 can use carries (RFC 8200, section 5).
    private static let size = 1280

    /// The packet, or what it is sent as: parts of at most 1,280 bytes.
    static func of(_ packet: [UInt8]) -> [[UInt8]] {
        guard packet.count > size else { return [packet] }
        return packet[0] >> 4 == 4 ? version4(packet) : version6(packet)
    }

    // RFC 791, section 3.2: offsets count eight bytes. A header of ours has no options.
    private static func version4(_ packet: [UInt8]) -> [[UInt8]] {
        let identification = UInt16.random(in: 1 ... .max)
        let step = (size - 20) & ~7
        var parts: [[UInt8]] = []
        for start in stride(from: 20, to: packet.count, by: step) {
            let end = min(start + step, packet.count)
            let field = UInt16(truncatingIfNeeded: (start - 20) / 8) | (end < packet.count ? 0x2000 : 0)
            var head = Array(packet[..<20])
            // The kernel fills in the length and the checksum.
            (head[4], head[5]) = (UInt8(identification >> 8), UInt8(identification & 255))
            (head[6], head[7]) = (UInt8(field >> 8), UInt8(field & 255))
            parts.append(head + packet[start..<end])
        }
        return parts
    }

    // RFC 8200, section 4.5.
    private static func version6(_ packet: [UInt8]) -> [[UInt8]] {
        let identification = UInt32.random(in: 0 ... .max)
        let step = (size - 48) & ~7
        var parts: [[UInt8]] = []
        for start in stride(from: 40, to: packet.count, by: step) {
            let end = min(start + step, packet.count)
            let field = UInt16(truncatingIfNeeded: start - 40) | (end < packet.count ? 1 : 0)
            let length = end - start + 8
            var part = Array(packet[..<40])
            (part[4], part[5]) = (UInt8(length >> 8), UInt8(length & 255))
            part[6] = 44
            part += [packet[6], 0, UInt8(field >> 8), UInt8(field & 255)]
            for shift in [UInt32(24), 16, 8, 0] { part.append(UInt8(truncatingIfNeeded: identification >> shift)) }
            parts.append(part + packet[start..<end])
        }
        return parts
    }
}
