/// Spans of time for people, in the words of Docker's go-units.
package enum HumanDuration {
    /// "5 minutes", "About an hour" for a span of `seconds`.
    package static func text(seconds: Double) -> String {
        let whole = Int(seconds)
        let minutes = whole / 60
        let hours = Int(seconds / 3600 + 0.5)
        switch true {
        case whole < 1: return "Less than a second"
        case whole == 1: return "1 second"
        case whole < 60: return "\(whole) seconds"
        case minutes == 1: return "About a minute"
        case minutes < 60: return "\(minutes) minutes"
        case hours == 1: return "About an hour"
        case hours < 48: return "\(hours) hours"
        case hours < 24 * 7 * 2: return "\(hours / 24) days"
        case hours < 24 * 30 * 2: return "\(hours / 24 / 7) weeks"
        case hours < 24 * 365 * 2: return "\(hours / 24 / 30) months"
        default: return "\(whole / 3600 / 24 / 365) years"
        }
    }
}
