import Engine
import Errors
import Flags
import OCI

extension RunFlags {
    static let health: [Flag] = [
        Flag("health-cmd", nil, .string, "Command that checks the health, run by the container's shell"),
        Flag("health-interval", nil, .duration, "Time between two checks (default 30s)"),
        Flag("health-retries", nil, .int, "Failures in a row that make it unhealthy (default 3)"),
        Flag("health-start-interval", nil, .duration, "Time between two checks in the start period (default 5s)"),
        Flag("health-start-period", nil, .duration, "Time to start in which failures do not count (default 0s)"),
        Flag("health-timeout", nil, .duration, "Longest time of one check (default 30s)"),
        Flag("no-healthcheck", nil, .bool, "Switch the image's health check off"),
    ]

    /// The check that the flags ask for; nil where none of them does. Throws `OptionError` for values that cannot be.
    static func healthcheck(_ parsed: ParsedArguments) throws(OptionError) -> Healthcheck? {
        func time(_ name: String, _ field: String) throws(OptionError) -> Int64? {
            guard let value = parsed.nanoseconds(name), value != 0 else { return nil }
            guard value > 0 else { throw OptionError.usage("--\(name) cannot be negative") }
            guard value >= 1_000_000 else {
                throw OptionError("\(field) in Healthcheck cannot be less than 1ms", .unsupported)
            }
            return value
        }
        var check = Healthcheck()
        if let command = parsed.string("health-cmd"), !command.isEmpty { check.test = ["CMD-SHELL", command] }
        check.interval = try time("health-interval", "Interval")
        check.timeout = try time("health-timeout", "Timeout")
        check.startPeriod = try time("health-start-period", "StartPeriod")
        check.startInterval = try time("health-start-interval", "StartInterval")
        if let retries = parsed.int("health-retries"), retries != 0 {
            guard retries > 0 else { throw OptionError.usage("--health-retries cannot be negative") }
            check.retries = Int(retries)
        }
        guard check != Healthcheck() else { return nil }
        if parsed.bool("no-healthcheck") {
            throw OptionError.usage("--no-healthcheck conflicts with --health-* options")
        }
        return check
    }
}
