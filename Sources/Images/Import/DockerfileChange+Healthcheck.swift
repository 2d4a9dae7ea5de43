import Bytes
import Errors
import OCI

extension DockerfileChange {
    // "NONE", or options and "CMD" with the exec or the shell form.
    func healthcheck() throws(EngineError) -> Healthcheck {
        var check = Healthcheck()
        var left = Substring(rest)
        while left.begins(with: "--") {
            let end = left.firstIndex(where: \.isWhitespace) ?? left.endIndex
            try Self.set(left[..<end], in: &check)
            left = Substring(Self.trimmed(left[end...]))
        }
        let end = left.firstIndex(where: \.isWhitespace) ?? left.endIndex
        let command = Self.trimmed(left[end...])
        switch left[..<end].uppercased() {
        case "NONE" where command.isEmpty: check.test = ["NONE"]
        case "NONE": throw EngineError("HEALTHCHECK NONE takes no arguments")
        case "CMD" where !command.isEmpty:
            check.test = Self.json(command).map { ["CMD"] + $0 } ?? ["CMD-SHELL", command]
        case "CMD": throw EngineError("missing command after HEALTHCHECK CMD")
        default:
            throw EngineError("unknown type \"\(left[..<end])\" in HEALTHCHECK: it is NONE, or CMD with a command")
        }
        return check
    }

    private static func set(_ option: Substring, in check: inout Healthcheck) throws(EngineError) {
        let parts = option.split(on: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { throw EngineError("\(option) of HEALTHCHECK needs a value: \(option)=…") }
        if parts[0] == "--retries" {
            guard let count = Int(parts[1]), count >= 0 else {
                throw EngineError("--retries of HEALTHCHECK takes a number that is not negative, not \"\(parts[1])\"")
            }
            check.retries = count
            return
        }
        guard let time = nanoseconds(parts[1]) else {
            throw EngineError("\(parts[0]) of HEALTHCHECK takes a duration like 30s, not \"\(parts[1])\"")
        }
        switch parts[0] {
        case "--interval": check.interval = time
        case "--timeout": check.timeout = time
        case "--start-period": check.startPeriod = time
        case "--start-interval": check.startInterval = time
        default: throw EngineError("unknown flag of HEALTHCHECK: \(parts[0])")
        }
    }

    // Go's notation: numbers with units, "1m30s" or "1.5h"; not negative.
    private static func nanoseconds(_ text: String) -> Int64? {
        if text == "0" { return 0 }
        let units: [(name: String, size: Double)] = [
            ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
        ]
        var left = Substring(text)
        var sum = 0.0
        while !left.isEmpty {
            let digits = left.prefix { $0.isNumber || $0 == "." }
            let unit = left.dropFirst(digits.count).prefix { $0.isLetter }
            guard let number = Double(digits), let size = units.first(where: { $0.name == unit })?.size else {
                return nil
            }
            sum += number * size
            left = left.dropFirst(digits.count + unit.count)
        }
        return text.isEmpty || sum >= 9.2e18 ? nil : Int64(sum)
    }
}
