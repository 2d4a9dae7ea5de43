/// Why a text is no duration of Go's (`time.ParseDuration`).
package enum GoDurationFailure: Error, Equatable, Sendable {
    /// No sequence of numbers with units, or more than some 292 years.
    case invalid
    /// A number has no unit.
    case missingUnit
    /// A unit that is none.
    case unknownUnit(String)

    /// In Go's words, of the duration `text`.
    package func sentence(of text: String) -> String {
        switch self {
        case .invalid: "time: invalid duration \(quoted(text))"
        case .missingUnit: "time: missing unit in duration \(quoted(text))"
        case .unknownUnit(let unit): "time: unknown unit \(quoted(unit)) in duration \(quoted(text))"
        }
    }
}

// Package time quotes by itself: hexadecimal escapes where `%q` has letters.
private func quoted(_ text: String) -> String {
    var quoted = "\""
    for byte in text.utf8 {
        if byte < 0x20 || byte >= 0x7F {
            quoted += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        } else {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { quoted += "\\" }
            quoted.unicodeScalars.append(Unicode.Scalar(byte))
        }
    }
    return quoted + "\""
}

/// The nanoseconds of a duration as Go reads it: "1h15m30.918s", "-.5ms", "0". Throws why it is none.
package func goDuration(_ text: String) throws(GoDurationFailure) -> Int64 {
    var rest = Array(text.utf8)[...]
    let sign = rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") ? rest.removeFirst() : nil
    if rest.elementsEqual([UInt8(ascii: "0")]) { return 0 }
    guard !rest.isEmpty else { throw .invalid }
    var total: UInt64 = 0
    while !rest.isEmpty {
        let whole = digits(&rest)
        var fraction: ArraySlice<UInt8> = []
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = digits(&rest)
        }
        guard !whole.isEmpty || !fraction.isEmpty, let count = number(whole) else { throw .invalid }
        let unit = rest.prefix { $0 != UInt8(ascii: ".") && !isDigit($0) }
        rest = rest.dropFirst(unit.count)
        guard !unit.isEmpty else { throw .missingUnit }
        guard let scale = scale(unit) else { throw .unknownUnit(String(decoding: unit, as: UTF8.self)) }
        let (product, overflow) = count.multipliedReportingOverflow(by: scale)
        guard !overflow, product <= mostNanoseconds else { throw .invalid }
        // Both are below 2^63, and their sum below 2^64.
        total += product + part(fraction, of: scale)
        guard total <= mostNanoseconds else { throw .invalid }
    }
    if sign == UInt8(ascii: "-") { return Int64(truncatingIfNeeded: 0 &- total) }
    guard let duration = Int64(exactly: total) else { throw .invalid }
    return duration
}

/// As many as a negative duration can have.
private let mostNanoseconds = UInt64(1) << 63

private func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

private func digits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let found = rest.prefix(while: isDigit)
    rest = rest.dropFirst(found.count)
    return found
}

/// 0 for no digits; nil for a number that does not fit.
private func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    digits.isEmpty ? 0 : UInt64(String(decoding: digits, as: UTF8.self))
}

/// As Go reckons: digits that 63 bits do not hold are left out, and the rest is rounded down.
private func part(_ fraction: ArraySlice<UInt8>, of scale: UInt64) -> UInt64 {
    var (value, weight) = (UInt64(0), 1.0)
    for digit in fraction {
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        guard !overflow, product <= mostNanoseconds - 9 else { break }
        value = product + UInt64(digit - 48)
        weight *= 10
    }
    return UInt64(Double(value) * (Double(scale) / weight))
}

/// In nanoseconds.
private func scale(_ unit: ArraySlice<UInt8>) -> UInt64? {
    let name = String(decoding: unit, as: UTF8.self)
    // There are two letters for it, which are not the same bytes.
    if name.isSame(as: "us") || name.isSame(as: "\u{b5}s") || name.isSame(as: "\u{3bc}s") { return 1_000 }
    switch name {
    case "ns": return 1
    case "ms": return 1_000_000
    case "s": return 1_000_000_000
    case "m": return 60_000_000_000
    case "h": return 3_600_000_000_000
    default: return nil
    }
}
