import Bytes

/// An address of the internet protocols.
package enum IPAddress: Hashable, Comparable, Sendable {
    /// Version 4, its four bytes as one number, the first highest.
    case v4(UInt32)
    /// Version 6, its sixteen bytes as two numbers, the first highest.
    case v6(UInt64, UInt64)

    /// Reads `a.b.c.d` without leading zeros or the forms of RFC 4291, 2.2, without a zone; nil for anything else.
    package init?(_ text: some StringProtocol) {
        if let octets = Self.octets(of: text) {
            self = .v4(octets.reduce(0) { $0 << 8 | UInt32($1) })
        } else if !Substring(text).has("%"), let groups = Self.groups(of: text) {
            self.init(groups: groups)
        } else {
            return nil
        }
    }

    /// The address with these bytes, four or sixteen, as they are sent; nil for another number of them.
    package init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            self = .v6(
                bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
                bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) })
        default: return nil
        }
    }

    /// The bytes as they are sent: four or sixteen.
    package var bytes: [UInt8] {
        switch self {
        case .v4(let number): [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
        case .v6(let high, let low):
            [high, low].flatMap { half in
                stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> UInt64($0)) }
            }
        }
    }

    package var isV4: Bool {
        if case .v4 = self { true } else { false }
    }

    /// How many bits an address of this version has.
    package var width: Int { isV4 ? 32 : 128 }

    /// 0.0.0.0 or ::, which stand for every address of a machine, or for none.
    package var isUnspecified: Bool { self == .v4(0) || self == .v6(0, 0) }

    /// Whether the address leads to the machine that asks: 127.0.0.0/8, ::1, and the former within ::ffff:0:0/96.
    package var isLoopback: Bool {
        switch unmapped {
        case .v4(let number): number >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }

    /// Whether the address stands for many machines: 224.0.0.0/4, ff00::/8.
    package var isMulticast: Bool {
        switch unmapped {
        case .v4(let number): number >> 28 == 14
        case .v6(let high, _): high >> 56 == 0xff
        }
    }

    /// Whether the address holds on its link alone: 169.254.0.0/16, fe80::/10.
    package var isLinkLocal: Bool {
        switch unmapped {
        case .v4(let number): number >> 16 == 0xa9fe
        case .v6(let high, _): high >> 54 == 0x3fa
        }
    }

    /// The address of version 4 that is written as one of version 6 (::ffff:a.b.c.d), itself otherwise.
    package var unmapped: IPAddress {
        if case .v6(0, let low) = self, low >> 32 == 0xffff { return .v4(UInt32(truncatingIfNeeded: low)) }
        return self
    }

    /// The address `count` further; nil where the version has none.
    package func advanced(by count: UInt64) -> IPAddress? {
        switch self {
        case .v4(let number):
            let (sum, overflow) = UInt64(number).addingReportingOverflow(count)
            return overflow || sum > UInt64(UInt32.max) ? nil : .v4(UInt32(sum))
        case .v6(let high, let low):
            let (sum, carry) = low.addingReportingOverflow(count)
            guard carry else { return .v6(high, sum) }
            let (top, overflow) = high.addingReportingOverflow(1)
            return overflow ? nil : .v6(top, sum)
        }
    }

    package static func < (left: IPAddress, right: IPAddress) -> Bool {
        switch (left, right) {
        case (.v4(let one), .v4(let other)): one < other
        case (.v6(let high, let low), .v6(let otherHigh, let otherLow)): (high, low) < (otherHigh, otherLow)
        case (.v4, .v6): true
        case (.v6, .v4): false
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// `a.b.c.d`, or the form of RFC 5952.
    package var description: String {
        guard case .v6(let high, let low) = self else { return bytes.map(String.init).joined(separator: ".") }
        if high == 0, low >> 32 == 0xffff { return "::ffff:\(unmapped)" }
        var groups: [UInt16] = []
        for half in [high, low] {
            for shift in stride(from: UInt64(48), through: 0, by: -16) {
                groups.append(UInt16(truncatingIfNeeded: half >> shift))
            }
        }
        let gap = Self.longestGap(groups)
        func text(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        guard let gap else { return text(groups[...]) }
        return text(groups[..<gap.lowerBound]) + "::" + text(groups[gap.upperBound...])
    }

    // The first of the longest runs of at least two zeros.
    private static func longestGap(_ groups: [UInt16]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start >= 2, end - start > best?.count ?? 1 { best = start..<end }
            start = max(end, start + 1)
        }
        return best
    }
}

extension IPAddress {
    /// Whether `text` is an address, one of version 6 with or without a zone behind `%`.
    package static func isValid(_ text: some StringProtocol) -> Bool { octets(of: text) != nil || isV6(text) }

    /// Whether `text` is an IPv6 address (RFC 4291, 2.2), a zone behind `%` allowed.
    package static func isV6(_ text: some StringProtocol) -> Bool { groups(of: Substring(text).until("%")) != nil }

    private static func octets(of text: some StringProtocol) -> [UInt8]? {
        let parts = Substring(text).split(on: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            guard isDigits(part, radix: 10), let octet = UInt8(part), part.utf8.count == 1 || part.firstLetter != "0"
            else { return nil }
            octets.append(octet)
        }
        return octets
    }

    private static func groups(of text: some StringProtocol) -> [UInt16]? {
        let address = Substring(text)
        guard address.has(":"), !address.begins(with: ":") || address.begins(with: "::"),
            !address.ends(with: ":") || address.ends(with: "::")
        else { return nil }
        var parts = address.split(on: ":", omittingEmptySubsequences: false)
        var tail: [UInt16] = []
        if let last = parts.last, last.has(".") {
            guard let octets = octets(of: last) else { return nil }
            tail = [UInt16(octets[0]) << 8 | UInt16(octets[1]), UInt16(octets[2]) << 8 | UInt16(octets[3])]
            parts.removeLast()
        }
        // At an end of the text a gap leaves two empty parts.
        if address.begins(with: "::") { parts.removeFirst() }
        if tail.isEmpty, address.ends(with: "::") { parts.removeLast() }
        guard parts.lazy.filter({ $0.isEmpty }).count <= 1 else { return nil }
        var before: [UInt16] = []
        var after: [UInt16]?
        for part in parts {
            if part.isEmpty {
                after = []
                continue
            }
            guard part.utf8.count <= 4, isDigits(part, radix: 16), let group = UInt16(part, radix: 16) else {
                return nil
            }
            if after == nil { before.append(group) } else { after?.append(group) }
        }
        guard let after else {
            let groups = before + tail
            return groups.count == 8 ? groups : nil
        }
        let known = before.count + after.count + tail.count
        guard known < 8 else { return nil }
        return before + [UInt16](repeating: 0, count: 8 - known) + after + tail
    }

    private init(groups: [UInt16]) {
        self = .v6(
            groups[..<4].reduce(0) { $0 << 16 | UInt64($1) }, groups[4...].reduce(0) { $0 << 16 | UInt64($1) })
    }

    private static func isDigits(_ text: Substring, radix: Int) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (48...57).contains($0) || radix == 16 && ((65...70).contains($0) || (97...102).contains($0))
            }
    }
}
