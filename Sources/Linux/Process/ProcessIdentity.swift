import CLinux
import Glibc

/// A process's number (`pid_t`).
package typealias ProcessID = Int32

/// A process that cannot be mistaken for a later one with the same number: its id and when it started.
package struct ProcessIdentity: Hashable, Sendable {
    package let pid: ProcessID
    /// In clock ticks since the boot: field 22 of `/proc/PID/stat` (proc_pid_stat(5)).
    package let startTime: UInt64

    package init(pid: ProcessID, startTime: UInt64) {
        self.pid = pid
        self.startTime = startTime
    }

    /// The process `pid` as it is now; nil when there is none, or `/proc` does not show it.
    package init?(of pid: ProcessID) {
        guard let line = StatLine(of: pid) else { return nil }
        self.init(pid: pid, startTime: line.startTime)
    }

    /// The calling process.
    package static func current() -> ProcessIdentity? { ProcessIdentity(of: getpid()) }

    /// Whether this very process still exists, a zombie excluded.
    package var isAlive: Bool { line.map { !$0.isZombie } ?? false }

    /// Whether this very process exists and has not begun to end: one that ends lets go of its files and locks, and then
    /// of its namespaces, long before it is a zombie. For processes of one thread: it is the first thread that is
    /// looked at.
    package var isAtWork: Bool { line.map { !$0.isExiting } ?? false }

    /// The opposite of `isAlive`, where something depends on the process's end: throws where `/proc` cannot be read.
    package func isGone() throws(SystemError) -> Bool {
        guard let line = try StatLine.read(pid), line.startTime == startTime else { return true }
        return line.isZombie
    }

    /// The opposite of `isAtWork`, where something depends on the process's end: throws where `/proc` cannot be read.
    package func hasEnded() throws(SystemError) -> Bool {
        guard let line = try StatLine.read(pid), line.startTime == startTime else { return true }
        return line.isExiting
    }

    /// What `/proc` says of this very process; nil when it is gone.
    private var line: StatLine? {
        guard let line = StatLine(of: pid), line.startTime == startTime else { return nil }
        return line
    }

    /// A pidfd of this very process (pidfd_open(2)); nil when it is gone. Before Linux 5.3, and below filters that do
    /// not know the call, its directory of /proc, which `sendSignal` takes as well.
    package func open() -> FileDescriptor? {
        var number = apus_pidfd_open(pid, 0)
        if number < 0, Errno.current == .notImplemented || Errno.current == .notPermitted {
            number = apus_open(AT_FDCWD, "/proc/\(pid)", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        }
        guard number >= 0 else { return nil }
        let pidfd = FileDescriptor(owning: number)
        // The check follows the open: the number may have changed hands before it, not after.
        guard isAlive else { return nil }
        return pidfd
    }
}
