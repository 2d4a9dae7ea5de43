import Glibc
import Linux
import Networking
import Runtime

/// The last supervisor stays a few seconds after its container, so that the next start can join its user namespace
/// instead of having newuidmap make one.
package enum Linger {
    /// In seconds; `APUS_LINGER` overrides it.
    package static let standard = 5

    /// Holds the namespace for `seconds`, unless another process does already. Everything else of the supervisor
    /// has been given up.
    static func hold(runDirectory: String, mode: UserNamespace.Mode, seconds: Int) {
        defer { SharedNamespace.withdraw(runDirectory: runDirectory) }
        guard mode != .host else { return }
        guard seconds > 0, let held = try? FileLock.trying("\(runDirectory)/linger.lock") else {
            // A link that stays is what `system check` takes for the trace of a supervisor that was killed.
            return UserNamespace.withdraw(runDirectory: runDirectory)
        }
        UserNamespace.publish(runDirectory: runDirectory, mode: mode)
        _ = chdir("/")
        // A shutdown does not wait for one that only waits. Blocked, so that the link goes whenever a signal comes.
        let ending: [CInt] = [SIGTERM, SIGINT, SIGQUIT]
        Signals.block(ending)
        let end = MonotonicTime.now().adding(seconds: seconds)
        while !end.isPast, !Signals.wait(for: ending, seconds: (end.millisecondsLeft + 999) / 1000) {}
        UserNamespace.withdraw(runDirectory: runDirectory)
        endLifetime(held)
    }
}
