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
        let (day, second) = Self.floored(seconds, by: 86_400)
        let date = CalendarDate(daysSinceEpoch: day)
        var text: [UInt8] = []
        text.reserveCapacity(30)
        func write(_ number: Int, _ width: Int, _ end: Unicode.Scalar) {
            let digits = String(number)
            for _ in 0..<max(0, width - digits.utf8.count) { text.append(UInt8(ascii: "0")) }
            text.append(contentsOf: digits.utf8)
            text.append(UInt8(ascii: end))
        }
        write(date.year, 4, "-")
        write(date.month, 2, "-")
        write(date.day, 2, "T")
        write(second / 3600, 2, ":")
        write(second / 60 % 60, 2, ":")
        write(second % 60, 2, ".")
        write(nanoseconds, 9, "Z")
        return String(decoding: text, as: UTF8.self)
    }

    // Rounded down, so that the remainder is not negative.
    fileprivate static func floored(_ number: Int, by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
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

/// A day of the Gregorian calendar, which is taken to have been always. By arithmetic: gmtime(3) reads the machine's time zone first, from a file.
struct CalendarDate: Equatable {
    let year: Int
    /// 1 to 12.
    let month: Int
    /// 1 to 31.
    let day: Int

    /// The day so many days after 1970-01-01.
    init(daysSinceEpoch days: Int) {
        // Years begin in March here, so that a leap day is the last one of its year; 400 of them always have as many days.
        // 719,468 is from 1970-01-01 back to 0000-03-01.
        let (cycle, dayOfCycle) = Timestamp.floored(days + 719_468, by: 146_097)
        let centuries = min(dayOfCycle / 36_524, 3)
        let dayOfCentury = dayOfCycle - centuries * 36_524
        let leaps = dayOfCentury / 1461
        let dayOfLeap = dayOfCentury - leaps * 1461
        let years = min(dayOfLeap / 365, 3)
        var rest = dayOfLeap - years * 365
        var place = 0
        let lengths = (31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29)
        withUnsafeBytes(of: lengths) { raw in
            let lengths = raw.bindMemory(to: Int.self)
            while rest >= lengths[place] {
                rest -= lengths[place]
                place += 1
            }
        }
        month = place < 10 ? place + 3 : place - 9
        day = rest + 1
        year = cycle * 400 + centuries * 100 + leaps * 4 + years + (month < 3 ? 1 : 0)
    }
}
