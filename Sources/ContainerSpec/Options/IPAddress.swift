import Bytes

/// Addresses in their text forms.
package enum IPAddress {
    /// The four bytes of `a.b.c.d`; nil for anything else.
    package static func v4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = Substring(text).split(on: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            guard let octet = UInt8(part), part.firstLetter != "+", part.count == 1 || part.firstLetter != "0" else {
                return nil
            }
            octets.append(octet)
        }
        return octets
    }

    /// Whether `text` is an IPv6 address (RFC 4291, 2.2), a zone behind `%` allowed.
    package static func isV6(_ text: some StringProtocol) -> Bool {
        let address = Substring(text).until("%")
        guard address.has(":"), !address.begins(with: ":") || address.begins(with: "::"),
            !address.ends(with: ":") || address.ends(with: "::")
        else { return false }
        var parts = address.split(on: ":", omittingEmptySubsequences: false)
        var groups = 0
        if let last = parts.last, last.has(".") {
            guard v4(last) != nil else { return false }
            groups = 2
            parts.removeLast()
        }
        let gaps = address.indices.filter { address[$0...].begins(with: "::") }.count
        guard gaps <= 1 else { return false }
        for part in parts where !part.isEmpty {
            guard part.count <= 4, part.allSatisfy({ $0.isHexDigit && $0.isASCII }) else { return false }
            groups += 1
        }
        return gaps == 1 ? groups < 8 : groups == 8
    }

    /// Whether `text` is an address.
    package static func isValid(_ text: some StringProtocol) -> Bool { v4(text) != nil || isV6(text) }

    /// Whether the address leads to the machine that asks.
    package static func isLoopback(_ text: some StringProtocol) -> Bool {
        if let octets = v4(text) { return octets[0] == 127 }
        let address = Substring(text).until("%")
        return address == "::1" || address == "0:0:0:0:0:0:0:1"
    }
}
