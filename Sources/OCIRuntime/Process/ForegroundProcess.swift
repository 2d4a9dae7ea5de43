import Glibc
import Linux
import Runtime

/// A process of a container that the caller waits for: signals reach it, its terminal is the caller's, and its end is the
/// caller's.
struct ForegroundProcess: ~Copyable {
    // What a user or a service manager sends; what concerns only this process stays with it.
    private static let forwarded: [CInt] = [
        SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGCONT, SIGWINCH,
    ]

    private let signals: SignalDescriptor

    /// Blocks the signals: before the process is made, so that none is lost. When nobody reads the caller's output any more
    /// the container is to be ended and removed, and not left alone by the end of this process.
    init() throws(OCIError) {
        Signals.ignoreBrokenPipe()
        signals = try reporting { try SignalDescriptor(Self.forwarded) }
    }

    /// Waits for the end of the process, and gives its exit code as a shell does.
    func wait(
        for pid: ProcessID, _ pidfd: borrowing FileDescriptor, terminal: consuming FileDescriptor?,
        _ proxy: consuming NotifyProxy? = nil
    ) throws(OCIError) -> CInt {
        var session = TerminalSession(terminal.take())
        defer { session.restore() }
        session.resize()
        var listener = proxy?.descriptor
        return try reporting { () throws -> CInt in
            while true {
                var poll = PollSet()
                let ended = poll.add(pidfd.rawValue)
                let signal = poll.add(signals.descriptor.rawValue)
                let word = listener.map { poll.add($0) }
                let places = session.watch(in: &poll)
                _ = try poll.wait(milliseconds: session.patience)
                if poll.isReadable(signal) {
                    while let number = signals.next() {
                        if number == SIGWINCH, session.hasTerminal {
                            session.resize()
                        } else {
                            try? sendSignal(number, to: pidfd)
                        }
                    }
                }
                if let word, poll.isReadable(word), try proxy?.pass(pid) ?? true { listener = nil }
                session.move(places, poll)
                if poll.isReadable(ended) {
                    session.finish()
                    return try waitForExit(of: pid).shellCode
                }
            }
        }
    }
}
