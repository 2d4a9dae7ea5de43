import Bytes

/// Texts that Go's `fmt` makes of numbers, which histories have.
enum GoDuration {
    /// `time.Duration.String`: "1h2m3.5s", "5s", "300ms", "0s". `nanoseconds` may be any.
    static func text(_ nanoseconds: Int64) -> String {
        if nanoseconds == 0 { return "0s" }
        let sign = nanoseconds < 0 ? "-" : ""
        let all = nanoseconds.magnitude
        if all < 1_000_000_000 {
            let (unit, name): (UInt64, String) =
                all < 1_000 ? (1, "ns") : all < 1_000_000 ? (1_000, "µs") : (1_000_000, "ms")
            return sign + decimal(all / unit, all % unit, unit) + name
        }
        let seconds = all / 1_000_000_000
        var result = decimal(seconds % 60, all % 1_000_000_000, 1_000_000_000) + "s"
        if seconds >= 60 { result = "\(seconds / 60 % 60)m" + result }
        if seconds >= 3600 { result = "\(seconds / 3600)h" + result }
        return sign + result
    }

    private static func decimal(_ whole: UInt64, _ rest: UInt64, _ unit: UInt64) -> String {
        guard rest > 0 else { return String(whole) }
        let digits = String(unit + rest).dropFirst()
        return "\(whole)." + digits.reversed().drop { $0 == "0" }.reversed()
    }

    /// An integer with "%q": the letter of this number in single quotation marks.
    static func quotedRune(_ number: Int32) -> String {
        guard let value = UInt32(exactly: number), let scalar = Unicode.Scalar(value) else { return "'\u{FFFD}'" }
        if scalar == "'" { return "'\\''" }
        if scalar == "\"" { return "'\"'" }
        return "'" + goQuoted(String(Character(scalar))).dropFirst().dropLast() + "'"
    }
}
