import Glibc

/// A moment of the real-time clock (clock_gettime(2)).
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Since 1970-01-01 00:00:00 UTC, leap seconds left out.
    package let seconds: Int
    /// 0 to 999,999,999.
    package let nanoseconds: Int

    package init(seconds: Int, nanoseconds: Int = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The present moment.
    package static func now() -> Timestamp {
        var value = timespec()
        clock_gettime(CLOCK_REALTIME, &value)
        return Timestamp(seconds: value.tv_sec, nanoseconds: value.tv_nsec)
    }

    /// In UTC with nanoseconds, as Docker prints it: "2026-11-22T14:05:09.012345678Z" (RFC 3339).
    package var rfc3339: String {
        var time = tm()
        var value = seconds
        gmtime_r(&value, &time)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let year = padded(Int(time.tm_year) + 1900, 4)
        let date = "\(year)-\(padded(Int(time.tm_mon) + 1, 2))-\(padded(Int(time.tm_mday), 2))"
        let clock = "\(padded(Int(time.tm_hour), 2)):\(padded(Int(time.tm_min), 2)):\(padded(Int(time.tm_sec), 2))"
        return "\(date)T\(clock).\(padded(nanoseconds, 9))Z"
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}
