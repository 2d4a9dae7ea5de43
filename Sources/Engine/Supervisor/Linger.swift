import CLinux
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
        guard mode != .host, seconds > 0 else { return }
        guard let held = try? FileLock.trying("\(runDirectory)/linger.lock") else { return }
        UserNamespace.publish(runDirectory: runDirectory, mode: mode)
        _ = chdir("/")
        var left = UInt32(seconds)
        while left > 0 { left = sleep(left) }
        UserNamespace.withdraw(runDirectory: runDirectory)
        _ = consume held
    }
}
