import CLinux
import Glibc

/// What clone of the calling process returned, on its two sides.
package enum CloneResult: ~Copyable {
    /// This is the child.
    case child
    /// This is the parent: the child's id and a pidfd of it.
    case parent(ProcessID, pidfd: FileDescriptor)
}

/// Copies the calling process, which must have one thread, into new `namespaces`.
///
/// The child starts in the cgroup v2 directory `cgroup` where the kernel can do that (Linux 5.7): `placed` is false
/// where it could not, and the child has to move itself. Neither side may return from the function that called.
package func cloneProcess(
    into namespaces: NamespaceSet, cgroup: CInt?, placed: inout Bool
) throws(SystemError) -> CloneResult {
    var pidfd: CInt = -1
    placed = cgroup != nil
    var pid = apus_clone3(namespaces.rawValue, &pidfd, cgroup ?? -1)
    if pid < 0, cgroup != nil {
        // EACCES, EOPNOTSUPP, EBUSY, EINVAL and E2BIG each stand for a kernel or a place that does not take it so;
        // what is truly wrong comes again without.
        placed = false
        pid = apus_clone3(namespaces.rawValue, &pidfd, -1)
    }
    if pid < 0, Errno.current == .notImplemented || Errno.current == .notPermitted {
        // Before 5.3, and below filters that answer ENOSYS so that clone(2) is used, whose flags they can read.
        pid = apus_clone(namespaces.rawValue, &pidfd)
    }
    guard pid >= 0 else { throw SystemError("clone") }
    if pid == 0 { return .child }
    return .parent(pid, pidfd: FileDescriptor(owning: pidfd))
}

/// Forks a sibling: a child of the caller's parent (CLONE_PARENT), in new `namespaces`. Returns its id, and 0 in it.
package func cloneSibling(into namespaces: NamespaceSet) throws(SystemError) -> ProcessID {
    try check("clone") { apus_clone_sibling(namespaces.rawValue) }
}

/// Forks the calling process, which must have one thread. Returns the child's id, and 0 in it.
package func cloneChild() throws(SystemError) -> ProcessID { try check("fork") { apus_fork() } }

/// pidfd_open(2).
package func openProcess(_ pid: ProcessID) throws(SystemError) -> FileDescriptor {
    FileDescriptor(owning: try check("pidfd_open", String(pid)) { apus_pidfd_open(pid, 0) })
}

/// Sends `signal` to the very process behind `pidfd` (pidfd_send_signal(2)).
package func sendSignal(_ signal: CInt, to pidfd: borrowing FileDescriptor) throws(SystemError) {
    let number = pidfd.rawValue
    try check("pidfd_send_signal") { apus_pidfd_send_signal(number, signal) }
}
