import Glibc
import Linux
import Runtime

/// The last supervisor stays a few seconds after its container, so that the next start can join its user namespace
/// instead of having newuidmap make one.
package enum Linger {
    /// In seconds; `APUS_LINGER` overrides it.
    package static let standard = 5

    /// Holds the namespace for `seconds`, unless another process does already. Everything else of the supervisor
    /// has been given up.
    static func hold(runDirectory: String, mode: UserNamespace.Mode, seconds: Int) {
        guard mode != .host else { return }
        guard seconds > 0, let held = try? FileLock.trying("\(runDirectory)/linger.lock") else {
            // A link that stays is what `system check` takes for the trace of a supervisor that was killed.
            return UserNamespace.withdraw(runDirectory: runDirectory)
        }
        UserNamespace.publish(runDirectory: runDirectory, mode: mode)
        _ = chdir("/")
        var left = UInt32(seconds)
        while left > 0 { left = sleep(left) }
        UserNamespace.withdraw(runDirectory: runDirectory)
        _ = consume held
    }
}
