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

    /// As `rfc3339`, without zeros at the end of the fraction, as Go prints it: "2026-11-22T14:05:09Z".
    package var shortRFC3339: String {
        var bytes = Array(rfc3339.utf8.dropLast())
        while bytes.last == UInt8(ascii: "0") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self) + "Z"
    }

    /// Since 1970-01-01 00:00:00 UTC; the greatest or least number where it is beyond (after 2262, before 1677).
    package var nanosecondsSinceEpoch: Int64 {
        let (span, isTooLong) = Int64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isTooMuch) = span.addingReportingOverflow(Int64(nanoseconds))
        return isTooLong || isTooMuch ? (seconds > 0 ? .max : .min) : sum
    }

    /// Milliseconds from this moment until `other`, rounded down; as many as there can be where they are more.
    package func milliseconds(until other: Timestamp) -> Int {
        let (seconds, isTooFar) = other.seconds.subtractingReportingOverflow(seconds)
        let (span, isTooLong) = seconds.multipliedReportingOverflow(by: 1000)
        let far = other.seconds > self.seconds ? Int.max : .min
        guard !isTooFar, !isTooLong else { return far }
        let (sum, isTooMuch) = span.addingReportingOverflow((other.nanoseconds - nanoseconds) / 1_000_000)
        return isTooMuch ? far : sum
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}
