import Bytes

/// An Ethernet address of 48 bits.
package struct HardwareAddress: Hashable, Sendable, CustomStringConvertible {
    /// The six bytes as they are sent, the first highest.
    package let number: UInt64

    /// Of the lower 48 bits of `number`.
    package init(number: UInt64) { self.number = number & 0xffff_ffff_ffff }

    /// Reads six pairs of hexadecimal digits with colons, or with hyphens, between them, or three fours with dots; nil for
    /// anything else.
    package init?(_ text: some StringProtocol) {
        let text = Substring(text)
        let separator: Unicode.Scalar = text.has("-") ? "-" : text.has(".") ? "." : ":"
        let parts = text.split(on: separator, omittingEmptySubsequences: false)
        let digits = separator == "." ? 4 : 2
        guard parts.count * digits == 12 else { return nil }
        var number: UInt64 = 0
        for part in parts {
            guard part.utf8.count == digits, part.firstLetter != "+", part.firstLetter != "-",
                let bytes = UInt16(part, radix: 16)
            else { return nil }
            number = number << UInt64(4 * digits) | UInt64(bytes)
        }
        self.number = number
    }

    /// One of Docker's, which a container gets for its address of version 4: 02:42 and the address's bytes.
    package init(for address: UInt32) { self.init(number: 0x0242 << 32 | UInt64(address)) }

    /// Any one of those that are nobody's (administered locally), and a single interface's.
    package static func random() -> HardwareAddress {
        HardwareAddress(number: UInt64.random(in: 0 ... .max) & ~(1 << 40) | 1 << 41)
    }

    package var bytes: [UInt8] { [40, 32, 24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }

    /// Whether the address stands for many machines, and so is none of an interface.
    package var isMulticast: Bool { number >> 40 & 1 == 1 }

    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
