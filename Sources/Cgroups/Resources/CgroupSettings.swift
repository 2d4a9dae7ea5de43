import Bytes
import Glibc
package import OCI

/// The limits of a container as values of files of cgroup v2: pure, nothing is read or written.
///
/// The runtime spec counts as cgroup v1 did; the conversions are those of crun and runc.
package struct CgroupSettings: Equatable, Sendable {
    /// A value for one file.
    package struct Setting: Equatable, Sendable {
        package var controller: Controllers
        package var file: String
        package var value: String
        /// What is written where the file is not there: other schedulers and kernels have other files.
        package var otherwise: [Alternative] = []
        /// Whether a file that is not there is no error.
        package var isOptional = false

        /// Another file that says the same.
        package struct Alternative: Equatable, Sendable {
            package var file: String
            package var value: String
        }
    }

    /// In the order in which they have to be written.
    package private(set) var settings: [Setting] = []
    /// A limit of memory that must not be below what is used already (`checkBeforeUpdate`), in bytes.
    package private(set) var leastMemory: UInt64?

    /// The controllers that enforce them.
    package var controllers: Controllers {
        settings.reduce(into: []) { if !$1.isOptional { $0.formUnion($1.controller) } }
    }

    package var isEmpty: Bool { settings.isEmpty }

    /// Throws `CgroupError.invalid` for what contradicts itself or has no counterpart in version 2.
    package init(_ resources: RuntimeSpec.Resources) throws(CgroupError) {
        if let pids = resources.pids { addPids(pids) }
        if let memory = resources.memory { try addMemory(memory) }
        if let cpu = resources.cpu { try addCPU(cpu) }
        if let io = resources.blockIO { try addIO(io) }
        for limit in resources.hugepageLimits ?? [] { try addHugePages(limit) }
        for (device, limit) in (resources.rdma ?? [:]).sorted(by: { $0.key < $1.key }) {
            try addRDMA(device.text, limit)
        }
        if let network = resources.network { try Self.check(network) }
        // Last, as they win over the rest.
        for (file, value) in (resources.unified ?? [:]).sorted(by: { $0.key < $1.key }) {
            try addUnified(file.text, value)
        }
    }

    mutating func add(
        _ controller: Controllers, _ file: String, _ value: String, otherwise: [Setting.Alternative] = [],
        isOptional: Bool = false
    ) {
        settings.append(
            Setting(controller: controller, file: file, value: value, otherwise: otherwise, isOptional: isOptional))
    }

    private mutating func addPids(_ pids: RuntimeSpec.Resources.Pids) {
        // 0 is how callers leave it out: a container without any process could not be meant.
        guard pids.limit != 0 else { return }
        add(.pids, "pids.max", pids.limit < 0 ? "max" : String(pids.limit), isOptional: pids.limit < 0)
    }

    private mutating func addMemory(_ memory: RuntimeSpec.Resources.Memory) throws(CgroupError) {
        if let swappiness = memory.swappiness {
            throw .invalid("a swappiness of \(swappiness) cannot be set: cgroup v2 has no swappiness of its own")
        }
        if memory.disableOOMKiller == true {
            throw .invalid("the OOM killer cannot be switched off: cgroup v2 has no such setting")
        }
        for (name, value) in [("kernel memory", memory.kernel), ("kernel TCP memory", memory.kernelTCP)] {
            guard let value, value > 0 else { continue }
            throw .invalid("\(name) cannot be limited by itself: cgroup v2 counts it as memory")
        }
        func text(_ value: Int64) -> String { value < 0 ? "max" : String(value) }
        let limit = memory.limit == 0 ? nil : memory.limit
        // Swap first: with less memory than is used, and no swap yet, the kernel would kill.
        if let swap = try Self.swap(memory.swap, limit: limit) {
            add(.memory, "memory.swap.max", text(swap), isOptional: swap < 0)
        }
        if let limit { add(.memory, "memory.max", text(limit), isOptional: limit < 0) }
        if let reservation = memory.reservation, reservation != 0 { add(.memory, "memory.low", text(reservation)) }
        if memory.checkBeforeUpdate == true, let limit, limit > 0 { leastMemory = UInt64(limit) }
    }

    /// The limit of swap alone, -1 for none, from a limit of memory and swap together; nil for no such limit.
    static func swap(_ both: Int64?, limit: Int64?) throws(CgroupError) -> Int64? {
        guard let both, both != 0 else { return nil }
        if both < 0 { return -1 }
        guard let limit else {
            throw .invalid("memory and swap are limited to \(both) bytes together: a limit of memory is missing")
        }
        guard limit >= 0 else {
            throw .invalid("memory and swap are limited to \(both) bytes together, and memory is not limited")
        }
        guard both >= limit else {
            throw .invalid("memory and swap together (\(both) bytes) must not be less than memory alone (\(limit))")
        }
        return both - limit
    }

    private mutating func addCPU(_ cpu: RuntimeSpec.Resources.CPU) throws(CgroupError) {
        if let runtime = cpu.realtimeRuntime, runtime != 0 {
            throw .invalid("real-time processor time cannot be limited: cgroup v2 has no such setting")
        }
        let isIdle = cpu.idle == 1
        if let idle = cpu.idle {
            guard idle == 0 || idle == 1 else { throw .invalid("cpu.idle is 0 or 1, not \(idle)") }
            add(.cpu, "cpu.idle", String(idle), isOptional: idle == 0)
        }
        // An idle cgroup has no weight, and the kernel refuses to set one.
        if let shares = cpu.shares, shares != 0, !isIdle { add(.cpu, "cpu.weight", String(Self.weight(shares))) }
        let quota = cpu.quota ?? 0
        if quota != 0 || (cpu.period ?? 0) != 0 {
            let limit = quota > 0 ? String(quota) : "max"
            let value = cpu.period.map { $0 == 0 ? limit : "\(limit) \($0)" } ?? limit
            add(.cpu, "cpu.max", value, isOptional: quota <= 0)
        }
        if let burst = cpu.burst { add(.cpu, "cpu.max.burst", String(burst), isOptional: burst == 0) }
        if let list = cpu.cpus, !list.isEmpty { add(.cpuset, "cpuset.cpus", list) }
        if let list = cpu.mems, !list.isEmpty { add(.cpuset, "cpuset.mems", list) }
    }

    /// The weight (1 to 10,000) of so many shares (2 to 262,144) of cgroup v1, along a curve that takes the default of
    /// the one, 1024, to that of the other, 100, as runc (since 1.3.2) and crun (since 1.23) do.
    package static func weight(_ shares: UInt64) -> UInt64 {
        if shares <= 2 { return 1 }
        if shares >= 262_144 { return 10_000 }
        let magnitude = log2(Double(shares))
        let exponent = (magnitude * magnitude + 125 * magnitude) / 612 - 7.0 / 34
        return UInt64(pow(10, exponent).rounded(.up))
    }

    private mutating func addHugePages(_ limit: RuntimeSpec.Resources.HugepageLimit) throws(CgroupError) {
        guard !limit.pageSize.isEmpty, limit.pageSize.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
            throw .invalid("'\(limit.pageSize)' is no size of huge pages")
        }
        add(.hugetlb, "hugetlb.\(limit.pageSize).max", String(limit.limit))
        // What is reserved and not used yet counts by itself, since Linux 5.7.
        add(.hugetlb, "hugetlb.\(limit.pageSize).rsvd.max", String(limit.limit), isOptional: true)
    }

    private mutating func addRDMA(_ device: String, _ limit: RuntimeSpec.Resources.RDMA) throws(CgroupError) {
        // A line is a device and its limits: a name with a space or a line feed in it would be something else.
        guard !device.isEmpty, device.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
            throw .invalid("'\(device)' is no name of a device for remote direct memory access")
        }
        var words = [device]
        if let handles = limit.hcaHandles { words.append("hca_handle=\(handles)") }
        if let objects = limit.hcaObjects { words.append("hca_object=\(objects)") }
        if words.count > 1 { add(.rdma, "rdma.max", words.joined(separator: " ")) }
    }

    // What says nothing (a class of 0, no priority) is not asked for.
    private static func check(_ network: RuntimeSpec.Resources.Network) throws(CgroupError) {
        if let id = network.classID, id != 0 {
            throw .invalid("the class \(id) of packets cannot be set: cgroup v2 has no net_cls")
        }
        if network.priorities?.isEmpty == false {
            throw .invalid("priorities of packets cannot be set: cgroup v2 has no net_prio")
        }
    }

    private mutating func addUnified(_ file: String, _ value: String) throws(CgroupError) {
        guard !file.has("/"), let dot = file.place(of: "."), dot != file.startIndex else {
            throw .invalid("'\(file)' is no name of a file of cgroup v2")
        }
        let prefix = file[..<dot]
        if prefix == "cgroup" {
            add([], file, value)
        } else if let controller = Controllers(name: prefix) {
            add(controller, file, value)
        } else {
            throw .invalid("'\(file)' is a file of no controller of cgroup v2")
        }
    }
}
