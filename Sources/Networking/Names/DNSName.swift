package import Addresses
import Bytes

/// A domain name as it is sent without compression: labels behind their lengths, and a zero (RFC 1035, 3.1).
package struct DNSName: Sendable {
    /// The bytes, the final zero among them: 255 at most. Letters keep the case in which they came.
    package let wire: [UInt8]

    /// Of bytes that are known to be such a name.
    init(checked wire: [UInt8]) { self.wire = wire }

    /// The name that `text` writes with dots, the final one left out or not; nil where a label is empty or longer than 63 bytes,
    /// or the name longer than 255. Nothing is escaped.
    package init?(_ text: String) {
        var wire: [UInt8] = []
        var label: [UInt8] = []
        for byte in text.utf8 {
            guard byte == UInt8(ascii: ".") else {
                guard label.count < 63 else { return nil }
                label.append(byte)
                continue
            }
            guard !label.isEmpty, wire.count < 255 else { return nil }
            wire.append(UInt8(label.count))
            wire += label
            label.removeAll(keepingCapacity: true)
        }
        if !label.isEmpty {
            wire.append(UInt8(label.count))
            wire += label
        }
        wire.append(0)
        guard wire.count > 1, wire.count <= 255 else { return nil }
        self.wire = wire
    }

    /// The labels in lower case with dots between them. What is no visible ASCII letter, and a dot or a backslash within a
    /// label, is written as a backslash and three decimal digits (RFC 4343, 2.1). Empty for the root.
    package var text: String {
        var text: [UInt8] = []
        var place = 0
        while place < wire.count, wire[place] != 0 {
            if place > 0 { text.append(UInt8(ascii: ".")) }
            let end = min(place + 1 + Int(wire[place]), wire.count)
            for byte in wire[(place + 1)..<end] {
                if byte > 32, byte < 127, byte != UInt8(ascii: "."), byte != UInt8(ascii: "\\") {
                    text.append(Self.lowered(byte))
                } else {
                    text += [UInt8(ascii: "\\"), 48 + byte / 100, 48 + byte / 10 % 10, 48 + byte % 10]
                }
            }
            place = end
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether the names differ in the case of ASCII letters at most (RFC 4343).
    package func isSame(as other: DNSName) -> Bool {
        guard wire.count == other.wire.count else { return false }
        // Lengths of labels are below 64, and so no letters.
        for place in wire.indices where Self.lowered(wire[place]) != Self.lowered(other.wire[place]) { return false }
        return true
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 32 : byte }

    /// The address whose name this one asks for, below in-addr.arpa (RFC 1035, 3.5) or ip6.arpa (RFC 3596, 2.5); nil for any
    /// other name.
    package var reversedAddress: IPAddress? {
        let text = text
        if text.ends(with: ".in-addr.arpa") {
            let octets = text.droppingLast(13).split(on: ".", omittingEmptySubsequences: false)
            guard octets.count == 4 else { return nil }
            return IPAddress("\(octets[3]).\(octets[2]).\(octets[1]).\(octets[0])")
        }
        guard text.ends(with: ".ip6.arpa"), text.utf8.count == 72 else { return nil }
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        var count = 0
        for (place, byte) in text.utf8.prefix(63).enumerated() {
            if place % 2 == 1 {
                guard byte == UInt8(ascii: ".") else { return nil }
                continue
            }
            let digit: UInt64
            switch byte {
            case 48...57: digit = UInt64(byte) - 48
            case 97...102: digit = UInt64(byte) - 87
            default: return nil
            }
            // The lowest digit is first.
            let shift = UInt64(count % 16 * 4)
            if count < 16 { halves.low |= digit << shift } else { halves.high |= digit << shift }
            count += 1
        }
        return .v6(halves.high, halves.low)
    }
}
