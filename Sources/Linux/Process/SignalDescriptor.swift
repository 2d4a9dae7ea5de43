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

    /// As `next()`, and the process that sent it; 0 where that was the kernel, or cannot be seen from here.
    package func nextWithSender() -> (signal: CInt, sender: ProcessID)? {
        var sender: ProcessID = 0
        let signal = apus_signalfd_next_from(descriptor.rawValue, &sender)
        return signal > 0 ? (signal, sender) : nil
    }
}

/// Signal dispositions and masks of the calling process.
package enum Signals {
    /// Sets every signal's action to its default and unblocks all: what a program expects to start with. Costs a call for each
    /// signal that may have another action: for all of them until `look`, and from then on, in the process and its forks, for
    /// those that had one then or got one by a function of this type.
    package static func resetAll() { apus_signals_reset() }

    /// Finds out which signals have another action than the default, so that neither the process nor its forks have to set them all.
    package static func look() { apus_signals_look() }

    /// Blocks every signal that can be.
    package static func blockAll() {
        var all = sigset_t()
        sigfillset(&all)
        sigprocmask(SIG_SETMASK, &all, nil)
    }

    /// Blocks `signals` beside those that are blocked already.
    package static func block(_ signals: [CInt]) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        sigprocmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for one of `signals`, which are blocked, at most `seconds`; false where none came.
    package static func wait(for signals: [CInt], seconds: CInt) -> Bool {
        // A stop and a continuation interrupt it: the caller looks at its clock.
        apus_signal_wait(signals, CInt(signals.count), seconds) > 0
    }

    /// Whether `signal` does nothing to the calling process, because whoever started it wants that (nohup(1)).
    package static func isIgnored(_ signal: CInt) -> Bool {
        var action = sigaction()
        guard sigaction(signal, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Ignores SIGPIPE, so that a write to a closed pipe fails with EPIPE.
    package static func ignoreBrokenPipe() { apus_signal_ignore(SIGPIPE) }

    /// Ignores SIGXFSZ, so that a write beyond the caller's limit on the size of files (setrlimit(2), RLIMIT_FSIZE) fails
    /// with EFBIG, which is told and lived with as a full disk is.
    package static func ignoreFileSizeLimit() { apus_signal_ignore(SIGXFSZ) }

    /// Calls `handler` with the number of each of `signals` that comes.
    package static func handle(_ signals: [CInt], _ handler: @convention(c) (CInt) -> Void) {
        for number in signals { apus_signal_set(number, handler) }
    }

    /// Takes that back, for a program that is executed in place of the calling one.
    package static func heedFileSizeLimit() { _ = signal(SIGXFSZ, SIG_DFL) }
}
