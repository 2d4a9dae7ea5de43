import Bytes
package import Errors
import Glibc
import Linux
package import OCI

extension ResourceOptions {
    /// The limits as the runtime spec has them; nil for none. Throws `OptionError` for what contradicts itself or
    /// Docker would not take.
    package func specification(_ host: HostFacts) throws(OptionError) -> RuntimeSpec.Resources? {
        try checkMemory()
        try checkProcessors(host)
        if let blkioWeight, !(10...1000).contains(blkioWeight) {
            throw OptionError("range of blkio weight is from 10 to 1000")
        }
        var resources = RuntimeSpec.Resources()
        resources.memory = memoryLimits(host)
        resources.cpu = processorLimits()
        if let pidsLimit { resources.pids = .init(limit: pidsLimit) }
        resources.blockIO = try deviceLimits(host)
        return resources == RuntimeSpec.Resources() ? nil : resources
    }

    /// 6 MiB: with less no container starts, says Docker.
    private static let leastMemory: Int64 = 6 << 20

    private func checkMemory() throws(OptionError) {
        if let memory, memory < Self.leastMemory { throw OptionError("minimum memory limit allowed is 6MB") }
        if let memorySwap, memorySwap > 0 {
            guard let memory else {
                throw OptionError("you should always set the memory limit when using the memoryswap limit, see usage")
            }
            guard memorySwap >= memory else {
                throw OptionError("minimum memoryswap limit should be larger than memory limit, see usage")
            }
        }
        guard let memoryReservation else { return }
        guard memoryReservation >= Self.leastMemory else {
            throw OptionError("minimum memory reservation allowed is 6MB")
        }
        if let memory, memory < memoryReservation {
            throw OptionError("minimum memory limit can not be less than memory reservation limit, see usage")
        }
    }

    private func checkProcessors(_ host: HostFacts) throws(OptionError) {
        if let nanoCPUs {
            if cpuPeriod != nil {
                throw OptionError("conflicting options: Nano CPUs and CPU Period cannot both be set")
            }
            if cpuQuota != nil { throw OptionError("conflicting options: Nano CPUs and CPU Quota cannot both be set") }
            let count = Int64(host.processors())
            // Docker's first sentence says 0.01, and so does the kernel: no quota is below a millisecond.
            guard nanoCPUs >= 10_000_000, nanoCPUs <= count * 1_000_000_000 else {
                throw OptionError(
                    "range of CPUs is from 0.01 to \(count).00, as there are only \(count) CPUs available")
            }
        }
        if let cpuShares, cpuShares < 0 {
            throw OptionError("invalid CPU shares (\(cpuShares)): value must be a positive integer")
        }
        if let cpuPeriod, !(1000...1_000_000).contains(cpuPeriod) {
            throw OptionError("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
        }
        if let cpuQuota, cpuQuota > 0, cpuQuota < 1000 {
            throw OptionError("CPU cfs quota can not be less than 1ms (i.e. 1000)")
        }
        try Self.check(cpusetCPUs, host.onlineProcessors, "cpuset cpus", "CPUs")
        try Self.check(cpusetMems, host.memoryNodes, "cpuset mems", "memory nodes")
    }

    private static func check(
        _ wanted: String?, _ available: @autoclosure () -> String?, _ name: String, _ things: String
    ) throws(OptionError) {
        guard let wanted else { return }
        guard let numbers = numbers(wanted) else { throw OptionError("invalid value \(wanted) for \(name)") }
        guard let available = available(), let there = self.numbers(available) else { return }
        guard numbers.isSubset(of: there) else {
            throw OptionError("requested \(things) are not available - requested \(wanted), available: \(available)")
        }
    }

    /// The numbers of a list "0-3,7"; nil for what is no list.
    static func numbers(_ list: String) -> Set<Int>? {
        var found: Set<Int> = []
        for range in list.split(on: ",", omittingEmptySubsequences: false) {
            let ends = range.split(on: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0,
                first <= last, last < 8192
            else { return nil }
            found.formUnion(first...last)
        }
        return found
    }

    private func memoryLimits(_ host: HostFacts) -> RuntimeSpec.Resources.Memory? {
        var limits = RuntimeSpec.Resources.Memory()
        limits.limit = memory
        limits.reservation = memoryReservation
        limits.swap = memorySwap
        // As much swap as memory, as Docker has it; not where the kernel has none to limit.
        if memorySwap == nil, let memory, host.countsSwap {
            limits.swap = memory.multipliedReportingOverflow(by: 2).overflow ? -1 : memory * 2
        }
        return limits == RuntimeSpec.Resources.Memory() ? nil : limits
    }

    private func processorLimits() -> RuntimeSpec.Resources.CPU? {
        var limits = RuntimeSpec.Resources.CPU()
        limits.shares = cpuShares.map { UInt64($0) }
        limits.quota = cpuQuota
        limits.period = cpuPeriod.map { UInt64($0) }
        if let nanoCPUs {
            limits.period = 100_000
            limits.quota = nanoCPUs / 10_000
        }
        limits.cpus = cpusetCPUs
        limits.mems = cpusetMems
        return limits == RuntimeSpec.Resources.CPU() ? nil : limits
    }

    private func deviceLimits(_ host: HostFacts) throws(OptionError) -> RuntimeSpec.Resources.BlockIO? {
        var limits = RuntimeSpec.Resources.BlockIO()
        limits.weight = blkioWeight
        limits.weightDevice = try Self.devices(blkioWeightDevices, host) { $0.weight = UInt16($1) }
        limits.throttleReadBpsDevice = try Self.devices(readBytesPerSecond, host) { $0.rate = $1 }
        limits.throttleWriteBpsDevice = try Self.devices(writeBytesPerSecond, host) { $0.rate = $1 }
        limits.throttleReadIOPSDevice = try Self.devices(readOperationsPerSecond, host) { $0.rate = $1 }
        limits.throttleWriteIOPSDevice = try Self.devices(writeOperationsPerSecond, host) { $0.rate = $1 }
        return limits == RuntimeSpec.Resources.BlockIO() ? nil : limits
    }

    private static func devices(
        _ list: [DeviceLimit], _ host: HostFacts, set: (inout RuntimeSpec.Resources.BlockIO.Device, UInt64) -> Void
    ) throws(OptionError) -> [RuntimeSpec.Resources.BlockIO.Device]? {
        var result: [RuntimeSpec.Resources.BlockIO.Device] = []
        for limit in list {
            let status: FileStatus
            do throws(SystemError) { status = try Files.status(host.root + limit.path) } catch {
                throw OptionError("cannot limit device \(limit.path): \(error.errno)")
            }
            guard status.type == S_IFBLK else {
                throw OptionError("cannot limit device \(limit.path): it is no block device")
            }
            var device = RuntimeSpec.Resources.BlockIO.Device(
                major: Int64(status.deviceParts.major), minor: Int64(status.deviceParts.minor))
            set(&device, limit.value)
            result.append(device)
        }
        return result.isEmpty ? nil : result
    }
}
