import Bytes

/// Texts as Go's standard library reads them, which Dockerfiles rely on.
enum GoValue {
    /// Digits alone in `radix`, of a value of at most 32 bits.
    static func unsigned(_ text: String, radix: Int = 10) -> UInt32? {
        guard let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
        return UInt32(text, radix: radix)
    }

    /// `time.ParseDuration`, in nanoseconds: "1h15m30.918s", a sign in front, "0".
    static func duration(_ text: String) -> Int64? {
        var rest = Array(text.utf8)[...]
        var isNegative = false
        if let sign = rest.first, sign == 43 || sign == 45 {
            isNegative = sign == 45
            rest = rest.dropFirst()
        }
        if rest.elementsEqual([48]) { return 0 }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0 >= 48 && $0 <= 57 }
            rest = rest.dropFirst(digits.count)
            var fraction: ArraySlice<UInt8> = []
            if rest.first == UInt8(ascii: ".") {
                rest = rest.dropFirst()
                fraction = rest.prefix { $0 >= 48 && $0 <= 57 }
                rest = rest.dropFirst(fraction.count)
            }
            let unit = rest.prefix { $0 != UInt8(ascii: ".") && !($0 >= 48 && $0 <= 57) }
            rest = rest.dropFirst(unit.count)
            guard !digits.isEmpty || !fraction.isEmpty, let scale = scale(unit),
                let part = nanoseconds(digits, fraction, scale)
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        return isNegative ? -total : total
    }

    private static func scale(_ unit: ArraySlice<UInt8>) -> Int64? {
        switch String(decoding: unit, as: UTF8.self) {
        case "ns": 1
        case "us", "µs", "μs": 1_000
        case "ms": 1_000_000
        case "s": 1_000_000_000
        case "m": 60_000_000_000
        case "h": 3_600_000_000_000
        default: nil
        }
    }

    private static func nanoseconds(
        _ digits: ArraySlice<UInt8>, _ fraction: ArraySlice<UInt8>, _ scale: Int64
    ) -> Int64? {
        guard let whole = digits.isEmpty ? 0 : Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: scale)
        guard !overflow else { return nil }
        var rest = 0.0
        var weight = Double(scale)
        for digit in fraction.prefix(20) {
            weight /= 10
            rest += weight * Double(digit - 48)
        }
        let (sum, tooMuch) = product.addingReportingOverflow(Int64(rest + 1e-6))
        return tooMuch ? nil : sum
    }

    /// Docker's `units.RAMInBytes`: a number, perhaps with a point, and a unit of powers of 1024 ("64m", "1.5 GiB").
    static func byteCount(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)[...]
        let digits = bytes.prefix { ($0 >= 48 && $0 <= 57) || $0 == UInt8(ascii: ".") }
        guard let number = Double(String(decoding: digits, as: UTF8.self)), number >= 0 else { return nil }
        var unit = String(decoding: bytes.dropFirst(digits.count).drop { $0 == 32 }, as: UTF8.self).lowercased()[...]
        if unit.ends(with: "ib") {
            unit = unit.droppingLast(2)
        } else if unit.ends(with: "b") {
            unit = unit.droppingLast(1)
        }
        guard let power = ["", "k", "m", "g", "t", "p"].firstIndex(of: String(unit)) else { return nil }
        let size = number * Double(Int64(1) << (10 * Int64(power)))
        return size < 9e18 ? Int64(size) : nil
    }

    /// `text`, or its beginning, in Go's quotation marks (`%q`).
    static func quoted(_ text: String) -> String { goQuoted(text.excerpt) }
}
