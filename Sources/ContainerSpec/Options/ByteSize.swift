package import Errors

/// Sizes in bytes with Docker's units (go-units `RAMInBytes`): powers of 1024 for `b k m g t p`, with or without
/// an `i` and a `b` behind, in either case.
package enum ByteSize {
    /// The number of bytes that `text` says. Throws `OptionError` for anything else, a negative number included.
    package static func parse(_ text: String) throws(OptionError) -> Int64 {
        func invalid() -> OptionError { OptionError("invalid size: '\(text)'") }
        var digits = text[...]
        while let last = digits.last, !("0"..."9").contains(last), last != "." { digits.removeLast() }
        let unit = text[digits.endIndex...].drop { $0 == " " }.lowercased()
        let factor: Int64
        switch unit {
        case "", "b": factor = 1
        case "k", "kb", "ki", "kib": factor = 1 << 10
        case "m", "mb", "mi", "mib": factor = 1 << 20
        case "g", "gb", "gi", "gib": factor = 1 << 30
        case "t", "tb", "ti", "tib": factor = 1 << 40
        case "p", "pb", "pi", "pib": factor = 1 << 50
        default: throw invalid()
        }
        if let whole = Int64(digits), whole >= 0 {
            let (product, overflow) = whole.multipliedReportingOverflow(by: factor)
            if overflow { throw invalid() }
            return product
        }
        guard digits.allSatisfy({ ("0"..."9").contains($0) || $0 == "." }), let number = Double(digits) else {
            throw invalid()
        }
        let product = number * Double(factor)
        guard product < Double(Int64.max) else { throw invalid() }
        return Int64(product)
    }
}
