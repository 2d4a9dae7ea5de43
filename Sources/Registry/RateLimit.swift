import Bytes
import Glibc

/// What a registry that is asked too often says of when it may be asked again, and of how often it may be.
package struct RateLimit: Equatable, Sendable {
    /// How long it wants to be left alone; nil where it has not said so.
    package var wait: Duration?
    /// How many requests it takes in each `window`; nil where it has not said so.
    package var count: Int?
    /// In whole seconds.
    package var window: Duration?

    /// What is known of a limit.
    package init(wait: Duration? = nil, count: Int? = nil, window: Duration? = nil) {
        self.wait = wait
        self.count = count
        self.window = window
    }

    /// What an answer's headers say, received at `now` seconds since 1970; `header` has one by its name: `Retry-After` (RFC 9110, 10.2.3) in
    /// seconds or as a time, Docker Hub's `X-Retry-After` as seconds since 1970, and its `RateLimit-Limit: 100;w=21600`. nil where they say
    /// nothing of it.
    init?(now: Int, _ header: (String) -> String?) {
        let until = [
            header("Retry-After").flatMap { HTTPDate.seconds(of: $0) },
            header("X-Retry-After").flatMap { Int($0) },
        ].compactMap(\.self).first
        if let seconds = header("Retry-After").flatMap({ Int($0) }) {
            wait = .seconds(Self.bounded(seconds))
        } else if let until {
            wait = .seconds(Self.bounded(until.subtractingReportingOverflow(now).partialValue))
        }
        let parts = (header("RateLimit-Limit") ?? "").split(on: ";")
        if parts.count == 2, let count = Int(parts[0]), count > 0, parts[1].begins(with: "w="),
            let seconds = Int(parts[1].dropping(2)), seconds > 0
        {
            self.count = count
            window = .seconds(Self.bounded(seconds))
        }
        if wait == nil, count == nil { return nil }
    }

    /// Seconds since 1970.
    static var now: Int { time(nil) }

    /// A year is for ever here.
    private static func bounded(_ seconds: Int) -> Int { min(max(seconds, 0), 31_536_000) }

    /// "try again in 2 minutes", "try again later (it takes 100 requests in 6 hours)".
    var advice: String {
        var text = "try again later"
        if let wait { text = wait > .zero ? "try again in \(Self.text(wait))" : "try again now" }
        if let count, let window { text += " (it takes \(count) requests in \(Self.text(window)))" }
        return text
    }

    // Rounded up: who comes at the time that is said is not too early.
    private static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        let (count, unit): (Int64, String) =
            switch seconds {
            case ..<120: (seconds, "second")
            case ..<7200: ((seconds + 59) / 60, "minute")
            case ..<172_800: ((seconds + 3599) / 3600, "hour")
            default: ((seconds + 86_399) / 86_400, "day")
            }
        return count == 1 ? "1 \(unit)" : "\(count) \(unit)s"
    }
}
