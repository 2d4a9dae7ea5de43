import Bytes
import Glibc

/// A moment, to the nanosecond.
package struct Moment: Comparable, Hashable, Sendable {
    /// Since 1970-01-01 00:00:00 UTC.
    package var seconds: Int64
    package var nanoseconds: Int64

    package init(seconds: Int64, nanoseconds: Int64 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The machine's clock now.
    package static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Moment(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
    }

    /// Reads RFC 3339 ("2025-05-30T12:07:14.5Z", "…+02:00"); nil for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        func number(_ start: Int, _ count: Int) -> Int64? {
            guard start + count <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[start..<start + count] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            return value
        }
        func has(_ mark: Character, at place: Int) -> Bool { place < bytes.count && bytes[place] == mark.asciiValue }
        guard let year = number(0, 4), has("-", at: 4), let month = number(5, 2), has("-", at: 7),
            let day = number(8, 2), has("T", at: 10) || has("t", at: 10) || has(" ", at: 10),
            let hour = number(11, 2), has(":", at: 13), let minute = number(14, 2), has(":", at: 16),
            let second = number(17, 2), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second < 61
        else { return nil }
        var place = 19
        var fraction: Int64 = 0
        if has(".", at: place) {
            place += 1
            var scale: Int64 = 100_000_000
            let start = place
            while let digit = number(place, 1) {
                fraction += digit * scale
                scale /= 10
                place += 1
            }
            if place == start { return nil }
        }
        var offset: Int64 = 0
        if has("Z", at: place) || has("z", at: place) {
            place += 1
        } else if has("+", at: place) || has("-", at: place), let hours = number(place + 1, 2),
            has(":", at: place + 3), let minutes = number(place + 4, 2)
        {
            offset = (hours * 3600 + minutes * 60) * (has("-", at: place) ? -1 : 1)
            place += 6
        } else {
            return nil
        }
        guard place == bytes.count else { return nil }
        seconds = Self.days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
        nanoseconds = fraction
    }

    /// Days from 1970-01-01 to a date of the Gregorian calendar.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // Years that begin in March have the leap day at their end.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    package static func < (left: Moment, right: Moment) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// The seconds from `earlier` to this moment.
    package func seconds(since earlier: Moment) -> Double {
        Double(seconds - earlier.seconds) + Double(nanoseconds - earlier.nanoseconds) / 1e9
    }

    /// "5 minutes ago", as seen from `now`.
    package func ago(_ now: Moment = .now) -> String {
        HumanDuration.text(seconds: now.seconds(since: self)) + " ago"
    }

    /// Local time in the form of Go's `Time.String`: "2025-05-30 12:07:14 +0000 UTC".
    package var local: String { formatted("%Y-%m-%d %H:%M:%S %z %Z", isLocal: true) }

    /// UTC in the form of `docker version`'s build time: "Fri May 30 12:07:14 2025".
    package var calendar: String { formatted("%a %b %e %H:%M:%S %Y", isLocal: false) }

    /// RFC 3339 in UTC: "2025-05-30T12:07:14Z", with a fraction where there is one.
    package var rfc3339: String {
        var text = formatted("%Y-%m-%dT%H:%M:%S", isLocal: false)
        if nanoseconds > 0 {
            var digits = String(nanoseconds)
            digits = String(repeating: "0", count: 9 - digits.count) + digits
            while digits.lastLetter == "0" { digits.removeLast() }
            text += "." + digits
        }
        return text + "Z"
    }

    /// Local time in RFC 3339 with all nine digits of the fraction: "2025-05-30T12:07:14.500000000+02:00".
    package var localNanoseconds: String {
        let digits = String(nanoseconds)
        let fraction = String(repeating: "0", count: 9 - digits.count) + digits
        let zone = formatted("%z", isLocal: true)
        let suffix = zone == "+0000" ? "Z" : "\(zone.prefix(3)):\(zone.suffix(2))"
        return formatted("%Y-%m-%dT%H:%M:%S", isLocal: true) + "." + fraction + suffix
    }

    private func formatted(_ format: String, isLocal: Bool) -> String {
        var time = time_t(seconds)
        var parts = tm()
        if isLocal { localtime_r(&time, &parts) } else { gmtime_r(&time, &parts) }
        var buffer = [CChar](repeating: 0, count: 128)
        let length = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
