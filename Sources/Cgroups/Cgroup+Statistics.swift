import Linux

/// What a cgroup and those below it have used. What no controller counts is nil.
package struct CgroupStatistics: Hashable, Sendable {
    /// Processor time, in microseconds; `cpu.stat` counts it without the controller.
    package struct CPU: Hashable, Sendable {
        package var usage: UInt64 = 0
        package var user: UInt64 = 0
        package var system: UInt64 = 0
        /// Periods of the quota that have passed, and in how many of them the cgroup had to wait.
        package var periods: UInt64?
        package var throttledPeriods: UInt64?
        /// The time that it waited so, in microseconds.
        package var throttled: UInt64?
    }

    /// In bytes.
    package struct Memory: Hashable, Sendable {
        /// All that is charged, page cache included.
        package var usage: UInt64 = 0
        /// The highest that `usage` was; nil before Linux 5.19.
        package var peak: UInt64?
        /// nil for no limit.
        package var limit: UInt64?
        package var swapUsage: UInt64?
        package var swapLimit: UInt64?
        /// Lines of `memory.stat` by their names ("anon", "file", "inactive_file" …).
        package var details: [String: UInt64] = [:]

        /// What Docker shows as used: without page cache that has not been touched lately.
        package var used: UInt64 {
            let inactive = details["inactive_file"] ?? 0
            return inactive < usage ? usage - inactive : usage
        }
    }

    /// Processes and threads.
    package struct Pids: Hashable, Sendable {
        package var current: UInt64 = 0
        /// nil for no limit.
        package var limit: UInt64?
    }

    /// What was read from and written to one block device.
    package struct Device: Hashable, Sendable {
        package var major: UInt32
        package var minor: UInt32
        package var readBytes: UInt64 = 0
        package var writtenBytes: UInt64 = 0
        package var reads: UInt64 = 0
        package var writes: UInt64 = 0
    }

    /// Huge pages of one size, in bytes.
    package struct HugePages: Hashable, Sendable {
        package var usage: UInt64 = 0
        /// nil for no limit.
        package var limit: UInt64?
        /// How often the limit kept a page away.
        package var failures: UInt64 = 0
    }

    /// What its processes may run on and take memory from, in the form of cpuset(7).
    package struct CPUSet: Hashable, Sendable {
        package var processors: String
        package var nodes: String
    }

    package var cpu: CPU?
    package var cpuset: CPUSet?
    /// By the name of their size, "2MB".
    package var hugePages: [String: HugePages] = [:]
    package var memory: Memory?
    package var pids: Pids?
    package var io: [Device]?

    package init() {}
}

extension Cgroup {
    /// What the cgroup has used until now; a cgroup that is gone has used nothing. Some ten system calls.
    package func statistics() -> CgroupStatistics {
        var result = CgroupStatistics()
        if let text = text("cpu.stat") { result.cpu = CgroupStatistics.CPU(text) }
        if let usage = number("memory.current") {
            var memory = CgroupStatistics.Memory()
            memory.usage = usage
            memory.peak = number("memory.peak")
            memory.limit = number("memory.max")
            memory.swapUsage = number("memory.swap.current")
            memory.swapLimit = number("memory.swap.max")
            for line in (text("memory.stat") ?? "").split(separator: "\n") {
                let fields = line.split(separator: " ")
                if fields.count == 2, let value = UInt64(fields[1]) { memory.details[String(fields[0])] = value }
            }
            result.memory = memory
        }
        if let current = number("pids.current") {
            result.pids = CgroupStatistics.Pids(current: current, limit: number("pids.max"))
        }
        if let text = text("io.stat") { result.io = CgroupStatistics.devices(text) }
        return result
    }

    /// As `statistics()`, with what hardly anybody asks for: huge pages and the cpuset.
    package func allStatistics() throws(CgroupError) -> CgroupStatistics {
        var result = statistics()
        if let processors = text("cpuset.cpus.effective"), let nodes = text("cpuset.mems.effective") {
            result.cpuset = .init(processors: Self.line(processors), nodes: Self.line(nodes))
        }
        let names = try doing { () throws(SystemError) in
            try Cgroup.orGone([]) { () throws(SystemError) in try Files.list(".", in: directory.rawValue) }
        }
        for name in names {
            let parts = name.split(separator: ".")
            guard parts.count == 3, parts[0] == "hugetlb", parts[2] == "current" else { continue }
            let prefix = "hugetlb.\(parts[1])"
            var pages = CgroupStatistics.HugePages()
            pages.usage = number(name) ?? 0
            pages.limit = number("\(prefix).max")
            pages.failures = value("max", of: "\(prefix).events") ?? 0
            result.hugePages[String(parts[1])] = pages
        }
        return result
    }

    private static func line(_ text: String) -> String { String(text.prefix { $0 != "\n" }) }

    /// How many processes the kernel has killed in it because its memory ran out; 0 where nobody counts.
    package var oomKills: UInt64 { value("oom_kill", of: "memory.events") ?? 0 }
}

extension CgroupStatistics.CPU {
    /// Reads `cpu.stat`.
    init?(_ text: String) {
        let values = FlatKeys(text)
        guard let usage = values["usage_usec"] else { return nil }
        self.usage = usage
        user = values["user_usec"] ?? 0
        system = values["system_usec"] ?? 0
        periods = values["nr_periods"]
        throttledPeriods = values["nr_throttled"]
        throttled = values["throttled_usec"]
    }
}

extension CgroupStatistics {
    /// Reads `io.stat`: "259:0 rbytes=1 wbytes=2 rios=3 wios=4 …".
    static func devices(_ text: String) -> [Device] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            let numbers = (fields.first ?? "").split(separator: ":")
            guard numbers.count == 2, let major = UInt32(numbers[0]), let minor = UInt32(numbers[1]) else { return nil }
            var device = Device(major: major, minor: minor)
            for field in fields.dropFirst() {
                let parts = field.split(separator: "=")
                guard parts.count == 2, let value = UInt64(parts[1]) else { continue }
                switch parts[0] {
                case "rbytes": device.readBytes = value
                case "wbytes": device.writtenBytes = value
                case "rios": device.reads = value
                case "wios": device.writes = value
                default: continue
                }
            }
            return device
        }
    }
}
