import Bytes

/// The addresses that begin with the same bits: `10.1.0.0/16`, `fd00:1::/64`.
package struct Subnet: Hashable, Sendable, CustomStringConvertible {
    /// The first address, whose bits behind the prefix are zero.
    package let base: IPAddress
    /// How many bits are the same: 0 to 32 or 128.
    package let prefix: Int

    /// The subnet of `prefix` bits that `address` is in; nil where the version has no such prefix.
    package init?(_ address: IPAddress, prefix: Int) {
        guard (0...address.width).contains(prefix) else { return nil }
        self.prefix = prefix
        switch address {
        case .v4(let number): base = .v4(prefix == 0 ? 0 : number & ~0 << UInt32(32 - prefix))
        case .v6(let high, let low):
            base = .v6(
                prefix == 0 ? 0 : prefix >= 64 ? high : high & ~0 << UInt64(64 - prefix),
                prefix <= 64 ? 0 : low & ~0 << UInt64(128 - prefix))
        }
    }

    /// Reads `address/prefix`; the address may be any one in it. nil for anything else.
    package init?(_ text: some StringProtocol) {
        let text = Substring(text)
        guard let slash = text.place(of: "/"), let address = IPAddress(text[..<slash]) else { return nil }
        let digits = text[text.utf8.index(after: slash)...]
        guard digits.isDigits, digits.utf8.count <= 3, let prefix = Int(digits)
        else { return nil }
        self.init(address, prefix: prefix)
    }

    /// The highest address; the broadcast address of a subnet of version 4.
    package var last: IPAddress {
        switch base {
        case .v4(let number): .v4(prefix == 32 ? number : number | ~0 >> UInt32(prefix))
        case .v6(let high, let low):
            .v6(
                prefix >= 64 ? high : high | ~0 >> UInt64(prefix),
                prefix == 128 ? low : prefix <= 64 ? ~0 : low | ~0 >> UInt64(prefix - 64))
        }
    }

    /// Whether `address` is in it.
    package func contains(_ address: IPAddress) -> Bool {
        address.isV4 == base.isV4 && base <= address && address <= last
    }

    /// Whether all of `other` is in this one.
    package func contains(_ other: Subnet) -> Bool { contains(other.base) && contains(other.last) }

    /// Whether some address is in both.
    package func overlaps(_ other: Subnet) -> Bool { contains(other.base) || other.contains(base) }

    package var description: String { "\(base)/\(prefix)" }
}
