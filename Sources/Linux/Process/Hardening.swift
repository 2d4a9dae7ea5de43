import CLinux
import Glibc

/// What keeps others away from the calling process.
package enum Hardening {
    /// PR_SET_DUMPABLE: while it is false, processes of the same user can neither trace this one nor open its
    /// `/proc/PID/exe`, `fd` or `mem`, and its files in /proc belong to the machine's root. execve(2) sets it again.
    package static func setDumpable(_ dumpable: Bool) { _ = apus_prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0, 0, 0, 0) }
}
