/// When a process that waits gives its memory back: not before nothing has happened for a while, and seldom where it is woken soon.
///
/// A supervisor has half a megabyte of its own, most of which it needs at the container's start and at the user's next command. A
/// hundred idle ones are to weigh what waiting takes (`PollSet.rest`).
package struct Dormancy: Sendable {
    /// In milliseconds: the first pause, and the longest.
    private static let firstPause: CInt = 2_000
    private static let longestPause: CInt = 16_000
    /// How long a rest has to last, in milliseconds, that was worth its while.
    private static let worthwhile: CInt = 1_000

    private var pause = firstPause

    package init() {}

    /// How long to wait as always, of `milliseconds` (negative: for ever) that there are; nil where the whole wait is too short for
    /// a rest.
    package func pause(of milliseconds: CInt) -> CInt? {
        milliseconds < 0 || milliseconds >= pause + Self.worthwhile ? pause : nil
    }

    /// Waits for something to happen in `poll`, at most `milliseconds` (negative: for ever). False when the time is over. The
    /// process is as `PollSet.rest` asks for.
    package mutating func wait(_ poll: inout PollSet, milliseconds: CInt) throws(SystemError) -> Bool {
        guard let pause = pause(of: milliseconds) else {
            let hasHappened = try poll.wait(milliseconds: milliseconds)
            // Who wakes at a time of its own, as for a health check, is not kept from its rest by what once happened in between.
            if !hasHappened { self.pause = max(self.pause / 2, Self.firstPause) }
            return hasHappened
        }
        if try poll.wait(milliseconds: pause) { return true }
        return try rest(&poll, milliseconds: milliseconds < 0 ? milliseconds : milliseconds - pause)
    }

    /// As `wait`, behind the pause.
    package mutating func rest(_ poll: inout PollSet, milliseconds: CInt) throws(SystemError) -> Bool {
        let began = MonotonicTime.now()
        guard let hasHappened = poll.rest(milliseconds: milliseconds) else {
            return try poll.wait(milliseconds: milliseconds)
        }
        let lasted = MonotonicTime.now() - began
        pause = lasted < Int64(Self.worthwhile) ? min(pause * 2, Self.longestPause) : Self.firstPause
        return hasHappened
    }
}
