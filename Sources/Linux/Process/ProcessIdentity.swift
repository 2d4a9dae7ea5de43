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
        guard let bytes = try? Files.read("/proc/\(pid)/stat", limit: 4096), let start = Self.startTime(inStat: bytes)
        else { return nil }
        self.init(pid: pid, startTime: start)
    }

    /// The calling process.
    package static func current() -> ProcessIdentity? { ProcessIdentity(of: getpid()) }

    /// Whether this very process still exists, a zombie excluded.
    package var isAlive: Bool {
        guard let bytes = try? Files.read("/proc/\(pid)/stat", limit: 4096) else { return false }
        return Self.startTime(inStat: bytes) == startTime && Self.state(inStat: bytes) != UInt8(ascii: "Z")
    }

    /// A pidfd of this very process (pidfd_open(2)); nil when it is gone.
    package func open() -> FileDescriptor? {
        let number = apus_pidfd_open(pid, 0)
        guard number >= 0 else { return nil }
        let pidfd = FileDescriptor(owning: number)
        // The check follows the open: the number may have changed hands before it, not after.
        guard isAlive else { return nil }
        return pidfd
    }

    // The command name, field 2, may hold spaces and parentheses: fields are counted from its last ")".
    private static func fields(afterNameIn stat: [UInt8]) -> [ArraySlice<UInt8>]? {
        guard let close = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        return stat[(close + 1)...].split(separator: UInt8(ascii: " "))
    }

    static func startTime(inStat stat: [UInt8]) -> UInt64? {
        guard let fields = fields(afterNameIn: stat), fields.count > 19 else { return nil }
        return UInt64(String(decoding: fields[19], as: UTF8.self))
    }

    static func state(inStat stat: [UInt8]) -> UInt8? { fields(afterNameIn: stat)?.first?.first }
}
