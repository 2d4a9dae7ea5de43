import CLinux
import Glibc

/// Blocked signals that are read from a descriptor (signalfd(2)).
package struct SignalDescriptor: ~Copyable, Sendable {
    package let descriptor: FileDescriptor

    /// Blocks `signals` for the calling process and opens their descriptor.
    package init(_ signals: [CInt]) throws(SystemError) {
        var list = signals
        descriptor = FileDescriptor(
            owning: try check("signalfd") { apus_signalfd_blocking(&list, CInt(list.count)) })
    }

    /// The next signal's number; nil when none is pending.
    package func next() -> CInt? {
        let signal = apus_signalfd_next(descriptor.rawValue)
        return signal > 0 ? signal : nil
    }
}

/// Signal dispositions and masks of the calling process.
package enum Signals {
    /// Sets every signal's action to its default and unblocks all: what a program expects to start with.
    package static func resetAll() { apus_signals_reset() }

    /// Blocks every signal that can be.
    package static func blockAll() {
        var all = sigset_t()
        sigfillset(&all)
        sigprocmask(SIG_SETMASK, &all, nil)
    }

    /// Ignores SIGPIPE, so that a write to a closed pipe fails with EPIPE.
    package static func ignoreBrokenPipe() { _ = signal(SIGPIPE, SIG_IGN) }
}
