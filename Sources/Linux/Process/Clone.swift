import Bytes
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
/// `pidfd` receives a pidfd of the child, which the caller owns.
package func cloneSibling(into namespaces: NamespaceSet, pidfd: inout CInt) throws(SystemError) -> ProcessID {
    var number: CInt = -1
    let child = try check("clone") { apus_clone_sibling(namespaces.rawValue, &number) }
    pidfd = number
    return child
}

/// Forks the calling process, which must have one thread. Returns the child's id, and 0 in it.
package func cloneChild() throws(SystemError) -> ProcessID { try check("fork") { apus_fork() } }

/// pidfd_open(2).
package func openProcess(_ pid: ProcessID) throws(SystemError) -> FileDescriptor {
    FileDescriptor(owning: try check("pidfd_open", String(pid)) { apus_pidfd_open(pid, 0) })
}

/// A copy of descriptor `number` of the process behind `pidfd` (pidfd_getfd(2), Linux 5.6), close-on-exec.
package func fetchDescriptor(_ number: CInt, of pidfd: borrowing FileDescriptor) throws(SystemError) -> FileDescriptor {
    let process = pidfd.rawValue
    return FileDescriptor(owning: try check("pidfd_getfd", String(number)) { apus_pidfd_getfd(process, number) })
}

/// Sends `signal` to the very process behind `pidfd` (pidfd_send_signal(2)). Where a filter refuses that call, the
/// process's number is asked for and signalled: the same process for sure while it is a child that nobody has reaped.
package func sendSignal(_ signal: CInt, to pidfd: borrowing FileDescriptor) throws(SystemError) {
    let number = pidfd.rawValue
    do throws(SystemError) {
        try check("pidfd_send_signal") { apus_pidfd_send_signal(number, signal) }
    } catch {
        guard error.errno == .notImplemented || error.errno == .notPermitted, let pid = processID(of: number) else {
            throw error
        }
        try check("kill", String(pid)) { kill(pid, signal) }
    }
}

// From "Pid:" of a pidfd (-1 or 0 for one that is gone or out of sight), or the name of a directory of /proc.
private func processID(of descriptor: CInt) -> ProcessID? {
    if let text = try? Files.readText("/proc/self/fdinfo/\(descriptor)", limit: 4096) {
        for line in text.split(on: "\n") where line.begins(with: "Pid:") {
            return ProcessID(line.dropFirst(4).drop { $0 == "\t" || $0 == " " }).flatMap { $0 > 0 ? $0 : nil }
        }
    }
    guard let link = try? Files.readLink("/proc/self/fd/\(descriptor)"), link.begins(with: "/proc/") else { return nil }
    return ProcessID(link.dropFirst(6)).flatMap { $0 > 0 ? $0 : nil }
}
