/// Why a text is no size in bytes, in the words of Docker's go-units (`RAMInBytes`).
package enum GoByteSizeFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no number, or it is negative, or too large.
    case size(String)
    /// What is in front of the unit is no number.
    case number(String)
    /// A unit that is none, in small letters.
    case suffix(String)

    package var description: String {
        switch self {
        case .size(let text): "invalid size: '\(text)'"
        case .number(let text): "strconv.ParseFloat: parsing \(goQuoted(text)): invalid syntax"
        case .suffix(let text): "invalid suffix: '\(text)'"
        }
    }
}

/// The bytes of a number, perhaps with a point and an exponent, and a unit of powers of 1024: `b k m g t p`, all but the first with "b" or
/// "ib" behind, in either case ("64m", "1.5 GiB"). Throws why it is none.
package func goByteSize(_ text: String) throws(GoByteSizeFailure) -> Int64 {
    let bytes = Array(text.utf8)
    let isOfNumber: (UInt8) -> Bool = { (48...57).contains($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: " ") }
    guard let last = bytes.lastIndex(where: isOfNumber) else { throw .size(text) }
    // One blank separates the two.
    let digits = String(decoding: bytes[..<(bytes[last] == UInt8(ascii: " ") ? last : last + 1)], as: UTF8.self)
    let suffix = String(decoding: bytes[(last + 1)...], as: UTF8.self).lowercased()
    // Swift reads hexadecimal ones of a form that Go does not.
    guard let number = Double(digits), !digits.has("x"), !digits.has("X") else { throw .number(digits) }
    guard number >= 0 else { throw .size(text) }
    let letters = Array(suffix.utf8)
    var scale: Int64 = 1
    if let first = letters.first {
        let units = Array("bkmgtp".utf8)
        guard let power = units.firstIndex(of: first) else { throw .suffix(suffix) }
        let ends = power == 0 ? [[]] : [[], Array("b".utf8), Array("ib".utf8)]
        guard ends.contains(where: { letters.dropFirst().elementsEqual($0) }) else { throw .suffix(suffix) }
        scale = 1 << (10 * Int64(power))
    }
    // A Double has not all whole numbers that there are.
    if let whole = Int64(digits) {
        let (product, overflow) = whole.multipliedReportingOverflow(by: scale)
        guard !overflow else { throw .size(text) }
        return product
    }
    // The smallest number that no longer fits is one that a Double has.
    guard let size = Int64(exactly: (number * Double(scale)).rounded(.down)) else { throw .size(text) }
    return size
}
