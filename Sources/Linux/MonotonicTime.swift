import Glibc

/// A moment of the clock that nobody can set (CLOCK_MONOTONIC, clock_gettime(2)): for deadlines within one boot.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Since some moment of the boot.
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The present moment.
    package static func now() -> MonotonicTime {
        var value = timespec()
        clock_gettime(CLOCK_MONOTONIC, &value)
        return MonotonicTime(nanoseconds: Int64(value.tv_sec) * 1_000_000_000 + Int64(value.tv_nsec))
    }

    /// The moment `milliseconds` later: one that no clock reaches where that is too much for a number, and one that is past
    /// where they are less than none.
    package func adding(milliseconds: Int64) -> MonotonicTime {
        guard milliseconds > 0 else { return milliseconds == 0 ? self : MonotonicTime(nanoseconds: 0) }
        let (span, tooLong) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, tooFar) = nanoseconds.addingReportingOverflow(tooLong ? .max : span)
        return MonotonicTime(nanoseconds: tooFar ? .max : sum)
    }

    /// The moment `seconds` later; as `adding(milliseconds:)`.
    package func adding(seconds: Int) -> MonotonicTime {
        let (milliseconds, tooLong) = Int64(seconds).multipliedReportingOverflow(by: 1000)
        return adding(milliseconds: tooLong ? (seconds > 0 ? .max : -1) : milliseconds)
    }

    /// Milliseconds from now until this moment, rounded up so that a wait of them does not end before it; 0 where it is
    /// past. At most a day: whoever waits looks again.
    package var millisecondsLeft: CInt {
        let left = nanoseconds - Self.now().nanoseconds
        return left <= 0 ? 0 : CInt(min(86_400_000, (left - 1) / 1_000_000 + 1))
    }

    /// Whether the moment has come.
    package var isPast: Bool { self <= .now() }

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Milliseconds from `right` to `left`.
    package static func - (left: MonotonicTime, right: MonotonicTime) -> Int64 {
        (left.nanoseconds - right.nanoseconds) / 1_000_000
    }
}
