import Bytes
package import Errors

/// Signals by name and number, with the numbers of every Linux port but MIPS and SPARC (signal(7)).
package enum SignalName {
    private static let numbers: [String: Int32] = [
        "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "IOT": 6, "BUS": 7, "FPE": 8, "KILL": 9,
        "USR1": 10, "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CLD": 17,
        "CONT": 18, "STOP": 19, "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26,
        "PROF": 27, "WINCH": 28, "IO": 29, "POLL": 29, "PWR": 30, "SYS": 31, "RTMIN": 34, "RTMAX": 64,
    ]

    /// The number of `text`: a number from 1 to 64, a name with or without `SIG` in either case, `RTMIN+n` or
    /// `RTMAX-n`. Throws `OptionError`.
    package static func number(_ text: String) throws(OptionError) -> Int32 {
        func invalid() -> OptionError { OptionError("invalid signal: \(text)") }
        if let number = Int32(text) {
            guard (1...64).contains(number) else { throw invalid() }
            return number
        }
        var name = text.uppercased()
        if name.begins(with: "SIG") { name.removeFirst(3) }
        if let number = numbers[name] { return number }
        for (base, sign, first) in [("RTMIN", "+", Int32(34)), ("RTMAX", "-", Int32(64))]
        where name.begins(with: base + sign) {
            if let offset = Int32(name.dropFirst(6)), (0...30).contains(offset) {
                return sign == "+" ? first + offset : first - offset
            }
        }
        throw invalid()
    }
}
