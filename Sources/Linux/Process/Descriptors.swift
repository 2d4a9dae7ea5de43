import CLinux
import Glibc

/// The descriptor table of the calling process, by number: for the moment before an execve(2), when numbers are what
/// the next program sees and no owner of ours is left.
package enum DescriptorTable {
    /// A copy of `number` with a number of at least `minimum`, close-on-exec.
    package static func copy(_ number: CInt, atLeast minimum: CInt) throws(SystemError) -> CInt {
        try check("fcntl", String(number)) { apus_fcntl_set(number, F_DUPFD_CLOEXEC, minimum) }
    }

    /// dup2(2): `target` becomes a copy of `source` and survives an execve(2).
    package static func place(_ source: CInt, at target: CInt) throws(SystemError) {
        try check("dup2", String(source)) { dup2(source, target) }
    }

    /// dup3(2) with O_CLOEXEC.
    package static func placeClosingOnExec(_ source: CInt, at target: CInt) throws(SystemError) {
        try place(source, at: target)
        try check("fcntl") { apus_fcntl_set(target, F_SETFD, FD_CLOEXEC) }
    }

    /// Closes every descriptor from `first` on.
    package static func closeAll(from first: CInt) throws(SystemError) {
        if apus_close_range(UInt32(first), .max, 0) == 0 { return }
        // Before Linux 5.9, and below filters that do not know the call.
        let limit = KernelFacts.limit(of: 7)?.soft ?? 1024
        let last = CInt(clamping: min(limit, 1 << 20))
        guard last > first else { return }
        for number in first..<last { close(number) }
    }

    /// The status flags of an open file (F_GETFL); -1 with errno set.
    package static func statusFlags(_ number: CInt) -> CInt { apus_fcntl_get(number, F_GETFL) }

    /// Sets them (F_SETFL); -1 with errno set.
    package static func setStatusFlags(_ number: CInt, _ flags: CInt) -> CInt {
        apus_fcntl_set(number, F_SETFL, flags)
    }

    /// Whether there is a descriptor with that number.
    package static func isOpen(_ number: CInt) -> Bool { apus_fcntl_get(number, F_GETFD) >= 0 }

    /// Lets an owner's descriptor survive execve(2).
    package static func keepAcrossExec(_ number: CInt) throws(SystemError) {
        try check("fcntl") { apus_fcntl_set(number, F_SETFD, 0) }
    }
}
