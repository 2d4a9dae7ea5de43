import CLinux
import Glibc

/// What `/proc/PID/stat` says of a process (proc_pid_stat(5)).
package struct ProcessStat: Sendable {
    package let pid: ProcessID
    package let parent: ProcessID
    /// The command's name, at most 15 bytes.
    package let name: String
    /// The controlling terminal's device number; 0 for none.
    package let terminal: DeviceNumber
    /// Processor time of the process itself, in clock ticks.
    package let ticks: UInt64
    /// Processor time of its children that have ended and were waited for, in clock ticks.
    package let childTicks: UInt64
    package let threads: Int
    /// In clock ticks since the boot.
    package let startTime: UInt64
    /// In bytes.
    package let resident: Int

    /// The process `pid` as it is now; nil when there is none.
    package init?(_ pid: ProcessID) {
        guard let line = StatLine(of: pid) else { return nil }
        self.pid = pid
        parent = ProcessID(truncatingIfNeeded: line.number(4))
        name = String(decoding: line.name, as: UTF8.self)
        terminal = DeviceNumber(line.number(7))
        ticks = line.number(14) + line.number(15)
        childTicks = line.number(16) + line.number(17)
        threads = Int(line.number(20))
        startTime = line.startTime
        resident = Int(line.number(24)) * sysconf(CInt(_SC_PAGESIZE))
    }

    /// Clock ticks in a second.
    package static let ticksPerSecond = UInt64(max(1, sysconf(CInt(_SC_CLK_TCK))))
}

/// The processes of the machine.
package enum ProcessTable {
    /// The numbers of all processes that /proc shows. Throws where it cannot be read.
    package static func all() throws(SystemError) -> [ProcessID] {
        try Files.list("/proc").compactMap { ProcessID($0) }.sorted()
    }

    /// The processes in the pid namespace of `pid`, nested ones excluded; of those below it where the namespace is our
    /// own, or cannot be seen.
    package static func containing(_ pid: ProcessID) throws(SystemError) -> [ProcessID] {
        let own = namespace(of: getpid())
        guard let wanted = namespace(of: pid), wanted != own else { return try descendants(of: pid) }
        let all = try all()
        let members = Set(all.filter { namespace(of: $0) == wanted })
        return all.filter { members.contains($0) }
    }

    private static func namespace(of pid: ProcessID) -> String? { try? Files.readLink("/proc/\(pid)/ns/pid") }

    private static func descendants(of pid: ProcessID) throws(SystemError) -> [ProcessID] {
        var children: [ProcessID: [ProcessID]] = [:]
        for process in try all() {
            if let stat = ProcessStat(process) { children[stat.parent, default: []].append(process) }
        }
        var result: [ProcessID] = []
        var pending = [pid]
        while let next = pending.popLast() {
            result.append(next)
            pending += children[next] ?? []
        }
        return result.sorted()
    }
}
