import Glibc
import Linux
import Synchronization

/// The signals that end a build: the first one has it stop what it does and clean up, the second one ends this process at once.
final class BuildSignals: Sendable {
    /// What the first signal cancels.
    let cancellation: Cancellation
    private let descriptor: SignalDescriptor
    private let first = Atomic<CInt>(0)

    /// Blocks the signals, for all threads that are made from now on. Those that the caller wants ignored (nohup(1)) stay so. Throws
    /// `SystemError` where there is no descriptor left.
    init() throws(SystemError) {
        cancellation = try Cancellation()
        descriptor = try SignalDescriptor([SIGINT, SIGTERM, SIGHUP].filter { !Signals.isIgnored($0) })
    }

    /// Begins to heed them, on a thread of its own that ends with the process. Throws `SystemError` where there can be none.
    func watch() throws(SystemError) { _ = try begin { [self] in try wait() } }

    private func wait() throws {
        var poll = PollSet()
        poll.add(descriptor.descriptor.rawValue)
        while true {
            _ = try poll.wait()
            while let signal = descriptor.next() {
                guard first.compareExchange(expected: 0, desired: signal, ordering: .relaxed).exchanged else {
                    _exit(128 + signal)
                }
                cancellation.cancel()
            }
        }
    }

    /// The exit code of a build that a signal ended, as Docker's client has it: of SIGTERM it is that of SIGINT. nil where none came.
    var status: CInt? {
        switch first.load(ordering: .relaxed) {
        case 0: nil
        case SIGHUP: 128 + SIGHUP
        default: 128 + SIGINT
        }
    }
}
