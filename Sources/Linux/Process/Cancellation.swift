import CLinux
import Glibc

/// Ends what waits: a call that was given one returns soon after `cancel`, which may come from any thread.
package final class Cancellation: Sendable {
    // eventfd(2), which nobody reads: once written it is readable for ever, to all that poll it.
    private let event: FileDescriptor

    /// Throws `SystemError` where there is no descriptor left.
    package init() throws(SystemError) {
        event = FileDescriptor(owning: try check("eventfd") { apus_eventfd() })
    }

    /// What becomes readable with `cancel`.
    package var number: CInt { event.rawValue }

    /// Ends what waits now, and whatever is going to.
    package func cancel() {
        var one: UInt64 = 1
        _ = write(number, &one, 8)
    }

    /// Whether `cancel` was called.
    package var isCancelled: Bool {
        var poll = PollSet()
        poll.add(number)
        return (try? poll.wait(milliseconds: 0)) ?? false
    }
}
