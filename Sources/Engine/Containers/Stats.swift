import Bytes
import Cgroups
import ContainerSpec
package import DockerTypes
import Glibc
import Linux
import Store

/// What a container has used until one moment.
package struct ContainerUsage: Sendable {
    /// Where the numbers come from.
    package enum Source: Sendable { case controlGroup, processes }

    package var source = Source.processes
    /// Processor time in nanoseconds.
    package var processorTime: UInt64 = 0
    /// When that was, by the clock that counts since the boot, in nanoseconds.
    package var moment: UInt64 = 0
    /// In bytes.
    package var memory: Int64 = 0
    /// The limit of memory in bytes; the machine's memory where there is none.
    package var memoryLimit: Int64 = 0
    /// Processes and threads.
    package var tasks = 0
    /// Bytes that the network interfaces received and sent, the loopback's left out.
    package var received: Int64 = 0
    package var sent: Int64 = 0
    /// Bytes read from and written to block devices.
    package var readFromDisk: Int64 = 0
    package var writtenToDisk: Int64 = 0
}

extension Engine {
    /// What the processes of a running container have used; nil for one that does not run.
    ///
    /// From the container's control group where it has one of version 2, else from /proc, where what processes used that
    /// have ended is known of those alone whose parent is still there.
    package func usage(of container: ContainerSnapshot) -> ContainerUsage? {
        guard container.state.isActive, let process = container.state.process, process.isAlive else { return nil }
        var usage = container.state.cgroup.flatMap { self.usage(ofCgroup: $0) } ?? usageOfProcesses(process.pid)
        if container.description.options.networkMode != .host {
            (usage.received, usage.sent) = Self.traffic(of: process.pid)
        }
        return usage
    }

    // nil where the control group does not count both processor time and memory.
    private func usage(ofCgroup path: String) -> ContainerUsage? {
        guard let statistics = try? Cgroup.open(path).statistics(), let cpu = statistics.cpu,
            let memory = statistics.memory
        else { return nil }
        var usage = ContainerUsage()
        usage.source = .controlGroup
        usage.processorTime = cpu.usage * 1000
        usage.moment = Self.clock()
        usage.memory = Int64(clamping: memory.used)
        usage.memoryLimit = memory.limit.map { min(Int64(clamping: $0), Self.machineMemory) } ?? Self.machineMemory
        usage.tasks = Int(clamping: statistics.pids?.current ?? 0)
        for device in statistics.io ?? [] {
            usage.readFromDisk += Int64(clamping: device.readBytes)
            usage.writtenToDisk += Int64(clamping: device.writtenBytes)
        }
        return usage
    }

    private func usageOfProcesses(_ pid: ProcessID) -> ContainerUsage {
        var usage = ContainerUsage()
        var ticks: UInt64 = 0
        for process in (try? ProcessTable.containing(pid)) ?? [pid] {
            guard let stat = ProcessStat(process) else { continue }
            ticks += stat.ticks + stat.childTicks
            usage.tasks += stat.threads
            usage.memory += Self.proportionalMemory(of: process) ?? Int64(stat.resident)
            let (read, written) = Self.transfers(of: process)
            usage.readFromDisk += read
            usage.writtenToDisk += written
        }
        usage.processorTime = ticks * (1_000_000_000 / ProcessStat.ticksPerSecond)
        usage.moment = Self.clock()
        usage.memoryLimit = Self.machineMemory
        return usage
    }

    private static func clock() -> UInt64 {
        var value = timespec()
        clock_gettime(CLOCK_BOOTTIME, &value)
        return UInt64(value.tv_sec) * 1_000_000_000 + UInt64(value.tv_nsec)
    }

    /// In bytes.
    static var machineMemory: Int64 {
        Int64(sysconf(CInt(_SC_PHYS_PAGES))) * Int64(sysconf(CInt(_SC_PAGESIZE)))
    }

    // Pages that several processes map count in parts (proc_pid_smaps(5)), so that their sum is what they take.
    private static func proportionalMemory(of pid: ProcessID) -> Int64? {
        value("Pss:", in: "/proc/\(pid)/smaps_rollup").map { $0 * 1024 }
    }

    private static func transfers(of pid: ProcessID) -> (Int64, Int64) {
        let path = "/proc/\(pid)/io"
        return (value("read_bytes:", in: path) ?? 0, value("write_bytes:", in: path) ?? 0)
    }

    private static func value(_ key: String, in path: String) -> Int64? {
        guard let text = try? Files.readText(path, limit: 1 << 16) else { return nil }
        for line in text.split(on: "\n") where line.begins(with: key) {
            let fields = line.split(on: " ")
            return fields.count > 1 ? Int64(fields[1]) : nil
        }
        return nil
    }

    // proc_pid_net(5): the interfaces of the process's network namespace.
    private static func traffic(of pid: ProcessID) -> (Int64, Int64) {
        var (received, sent): (Int64, Int64) = (0, 0)
        for line in ((try? Files.readText("/proc/\(pid)/net/dev", limit: 1 << 20)) ?? "").split(on: "\n") {
            guard let colon = line.place(of: ":") else { continue }
            let name = line[..<colon].drop { $0 == " " }
            let fields = line.behind(colon).split(on: " ")
            guard name != "lo", fields.count >= 9 else { continue }
            received += Int64(fields[0]) ?? 0
            sent += Int64(fields[8]) ?? 0
        }
        return (received, sent)
    }
}
