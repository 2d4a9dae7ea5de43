import Flags
import Rendering

extension Moment {
    /// A moment as Docker's filters take it: RFC 3339, seconds since 1970, or a duration before `now` ("1h30m").
    init?(filter text: String, now: Moment = .now) {
        // A date alone, or a time without its zone, is taken for UTC.
        for rest in ["", "Z", "T00:00:00Z"] {
            if let moment = Moment(text + rest) {
                self = moment
                return
            }
        }
        if text.last?.isLetter == true, let span = try? FlagValue.duration(text) {
            self.init(seconds: now.seconds - span / 1_000_000_000, nanoseconds: now.nanoseconds)
        } else if let seconds = Int64(text) {
            self.init(seconds: seconds)
        } else {
            return nil
        }
    }
}
