import Bytes

extension FlagValue {
    /// A signed number in Go's syntax (`strconv.ParseInt` with base 0).
    package static func int(_ text: String) throws(Invalid) -> Int64 {
        func invalid(_ why: String) -> Invalid { Invalid("strconv.ParseInt: parsing \(goQuoted(text)): \(why)") }
        var digits = Substring(text)
        var isNegative = false
        if let sign = digits.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            digits.removeFirst()
        }
        switch magnitude(digits) {
        case .none: throw invalid("invalid syntax")
        case .some(.none): throw invalid("value out of range")
        case .some(.some(let number)):
            if isNegative {
                guard number <= UInt64(Int64.max) + 1 else { throw invalid("value out of range") }
                return Int64(truncatingIfNeeded: 0 &- number)
            }
            guard let value = Int64(exactly: number) else { throw invalid("value out of range") }
            return value
        }
    }

    /// A number without a sign in Go's syntax (`strconv.ParseUint` with base 0), at most `limit`.
    package static func unsigned(_ text: String, limit: UInt64) throws(Invalid) -> UInt64 {
        func invalid(_ why: String) -> Invalid { Invalid("strconv.ParseUint: parsing \(goQuoted(text)): \(why)") }
        switch magnitude(Substring(text)) {
        case .none: throw invalid("invalid syntax")
        case .some(.none): throw invalid("value out of range")
        case .some(.some(let number)):
            guard number <= limit else { throw invalid("value out of range") }
            return number
        }
    }

    /// nil: no number; `.some(nil)`: one that does not fit.
    private static func magnitude(_ text: Substring) -> UInt64?? {
        var digits = text
        var radix: UInt64 = 10
        var hasPrefix = false
        if digits.count > 1, digits.firstLetter == "0" {
            digits.removeFirst()
            hasPrefix = true
            switch digits.first {
            case "x", "X": radix = 16
            case "b", "B": radix = 2
            case "o", "O": radix = 8
            default: radix = 8
            }
            if let mark = digits.first, mark.isLetter { digits.removeFirst() }
        }
        if digits.isEmpty { return .none }
        var value: UInt64 = 0
        var fits = true
        var previousIsDigit = hasPrefix
        for character in digits {
            // Go allows underscores between digits, and only where a prefix names the base.
            if character == "_" {
                guard hasPrefix, previousIsDigit else { return .none }
                previousIsDigit = false
                continue
            }
            guard character.isASCII, let digit = character.hexDigitValue, digit < Int(radix) else { return .none }
            previousIsDigit = true
            let (product, overflowed) = value.multipliedReportingOverflow(by: radix)
            let (sum, overflowedAgain) = product.addingReportingOverflow(UInt64(digit))
            value = sum
            if overflowed || overflowedAgain { fits = false }
        }
        guard previousIsDigit else { return .none }
        return fits ? .some(value) : .some(.none)
    }

    /// A number of bytes with an optional binary suffix (b k m g t p, each also with "b" or "ib" after it).
    package static func bytes(_ text: String) throws(Invalid) -> Int64 {
        do throws(GoByteSizeFailure) { return try goByteSize(text) } catch { throw Invalid(error.description) }
    }

    /// The nanoseconds of a duration in Go's syntax (`time.ParseDuration`).
    package static func duration(_ text: String) throws(Invalid) -> Int64 {
        do throws(GoDurationFailure) { return try goDuration(text) } catch {
            throw Invalid(error.sentence(of: text))
        }
    }

    /// The billionths of a decimal number ("1.5", "5e-1") or a fraction ("3/2"). Throws where nine decimal
    /// places do not hold it.
    package static func billionths(_ text: String) throws(Invalid) -> Int64 {
        func unreadable() -> Invalid { Invalid("failed to parse \(text) as a rational number") }
        let parts = text.split(on: "/", omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard let above = Int64(parts[0]), let below = Int64(parts[1]), below > 0 else { throw unreadable() }
            let (scaled, overflowed) = above.multipliedReportingOverflow(by: 1_000_000_000)
            guard !overflowed, scaled % below == 0 else { throw Invalid("value is too precise") }
            return scaled / below
        }
        guard parts.count == 1 else { throw unreadable() }
        var rest = Substring(text)
        var isNegative = false
        if let sign = rest.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            rest.removeFirst()
        }
        var exponent = 9
        if let mark = rest.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            guard let power = Int(rest.behind(mark)), abs(power) < 32 else { throw unreadable() }
            exponent += power
            rest = rest[..<mark]
        }
        var digits = ""
        if let point = rest.place(of: ".") {
            let fraction = rest.behind(point)
            digits = String(rest[..<point]) + fraction
            exponent -= fraction.count
        } else {
            digits = String(rest)
        }
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { throw unreadable() }
        while exponent < 0 {
            guard digits.lastLetter == "0" else {
                if digits.isEmpty { return 0 }
                throw Invalid("value is too precise")
            }
            digits.removeLast()
            exponent += 1
        }
        guard let value = Int64((digits.isEmpty ? "0" : digits) + String(repeating: "0", count: exponent)) else {
            throw Invalid("value is too large")
        }
        return isNegative ? -value : value
    }
}
