/// Numbers of transfers as people read them.
enum TransferText {
    /// How far a transfer is, in bytes, with a bar where `columns` have the room, as Docker's client has it.
    static func progress(_ word: String, done: Int64, of total: Int64, columns: Int) -> String {
        let numbers = amount(done, of: total)
        let padding = String(repeating: " ", count: max(0, 17 - numbers.count))
        guard columns > 110 else { return "\(word)  \(padding)\(numbers)" }
        let filled = total > 0 ? max(0, min(50, Int(Double(done) / Double(total) * 50))) : 50
        let bar = String(repeating: "=", count: filled) + ">" + String(repeating: " ", count: 50 - filled)
        return "\(word) [\(bar)]  \(padding)\(numbers)"
    }

    /// "12.5MB/80MB"; without a total where that is not known.
    static func amount(_ done: Int64, of total: Int64) -> String {
        total > 0 ? "\(HumanSize.decimal(done))/\(HumanSize.decimal(total))" : HumanSize.decimal(done)
    }

    /// "3.2MB/s".
    static func rate(_ bytes: Double) -> String { HumanSize.decimal(Int64(max(0, min(bytes, 1e18)))) + "/s" }

    /// How long `bytes` take at `rate` bytes per second: "7s", "2m05s", "3h12m"; "--" where that is days, or not to be told.
    static func time(for bytes: Int64, at rate: Double?) -> String {
        guard let rate, rate >= 1, case let time = Double(bytes) / rate, time < 360_000 else { return "--" }
        let seconds = Int(time.rounded(.up))
        let (minutes, rest) = seconds.quotientAndRemainder(dividingBy: 60)
        if minutes == 0 { return "\(rest)s" }
        if minutes < 60 { return "\(minutes)m\(rest < 10 ? "0" : "")\(rest)s" }
        return "\(minutes / 60)h\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)m"
    }
}
