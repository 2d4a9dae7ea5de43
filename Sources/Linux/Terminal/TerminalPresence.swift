import CLinux
import Glibc

/// Keeps the master side of a pseudo-terminal of use when nobody has its other side open.
///
/// Linux reports EIO and POLLHUP to the master then, all the time, and neither is an end: a program may close its terminal
/// and open it again, as init, getty and login do. Who serves the terminal knows the end from its process. Until then
/// this opens the other side itself, which makes the master silent until somebody writes. A hang-up (vhangup(2), the end
/// of a session's leader) takes that away again, so it is done anew at each EIO; it is not done before the first, since most
/// terminals never need it. What is opened is nobody's controlling terminal (O_NOCTTY), and nothing waits for it.
package struct TerminalPresence: ~Copyable, Sendable {
    /// How long the master is left alone where the other side cannot be opened, in milliseconds: another user's.
    private static let rest: Int64 = 100

    private var other: FileDescriptor?
    /// Until when the master is not to be looked at; nil: it may be.
    package private(set) var restsUntil: MonotonicTime?

    package init() {}

    /// The master has said EIO. Its reader asks `isResting` before it looks again.
    package mutating func hungUp(_ master: CInt) {
        restsUntil = nil
        // TIOCGPTPEER, Linux 4.13: by no path, from any mount namespace.
        let number = apus_ioctl(master, 0x5441, UInt(O_RDWR | O_NOCTTY | O_CLOEXEC))
        if number >= 0 {
            other = FileDescriptor(owning: number)
        } else {
            restsUntil = .now().adding(milliseconds: Self.rest)
        }
    }

    /// Whether the master is to be left out of a poll(2), which would return at once.
    package mutating func isResting() -> Bool {
        guard let moment = restsUntil else { return false }
        if !moment.isPast { return true }
        restsUntil = nil
        return false
    }
}
