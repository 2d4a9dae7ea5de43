import Bytes
import Flags
import Glibc
import Rendering

extension Moment {
    /// A moment as Docker takes it: RFC 3339, or its beginning down to the date alone, in local time where no zone is
    /// named; seconds since 1970, with a fraction; or a duration before `now` ("1h30m").
    init?(filter text: String, now: Moment = .now) {
        if let span = try? FlagValue.duration(text), text.last?.isLetter == true {
            let nanoseconds = now.nanoseconds - span % 1_000_000_000
            let seconds = now.seconds - span / 1_000_000_000
            self.init(
                seconds: nanoseconds < 0 ? seconds - 1 : nanoseconds > 999_999_999 ? seconds + 1 : seconds,
                nanoseconds: (nanoseconds + 1_000_000_000) % 1_000_000_000)
            return
        }
        if let moment = Self.unixTime(text) ?? Self.calendarTime(text) { self = moment } else { return nil }
    }

    private static func unixTime(_ text: String) -> Moment? {
        let parts = text.split(on: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let seconds = Int64(parts[0]) else { return nil }
        guard parts.count == 2 else { return Moment(seconds: seconds) }
        guard parts[1].utf8.count <= 9, parts[1].utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        let digits = parts[1] + String(repeating: "0", count: 9 - parts[1].utf8.count)
        return Moment(seconds: seconds, nanoseconds: Int64(digits) ?? 0)
    }

    private static func calendarTime(_ text: String) -> Moment? {
        var clock = text[...]
        var zone = ""
        if let last = text.last, last == "Z" || last == "z" {
            zone = "Z"
            clock = clock.dropLast()
        } else if text.utf8.count > 16 || text.utf8.count == 16 && text.has("T") == false {
            let tail = text.suffix(6)
            if tail.firstLetter == "+" || tail.firstLetter == "-", tail.dropFirst(3).firstLetter == ":" {
                zone = String(tail)
                clock = clock.dropLast(6)
            }
        }
        // A date alone, with the hour, with minutes too.
        let missing = [10: "T00:00:00", 13: ":00:00", 16: ":00"][clock.utf8.count] ?? ""
        guard let moment = Moment(clock + missing + (zone.isEmpty ? "Z" : zone)) else { return nil }
        return zone.isEmpty ? moment.readAsLocal : moment
    }

    /// The moment at which the clock here shows what UTC shows at this one.
    private var readAsLocal: Moment {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        parts.tm_isdst = -1
        return Moment(seconds: Int64(mktime(&parts)), nanoseconds: nanoseconds)
    }
}
