/// Limits as the user gave them, under the names of Docker's `HostConfig.Resources`; nil is what was not asked for.
package struct ResourceOptions: Codable, Hashable, Sendable {
    /// In bytes.
    package var memory: Int64?
    /// Memory and swap together, in bytes; -1 for no limit of swap.
    package var memorySwap: Int64?
    /// In bytes.
    package var memoryReservation: Int64?
    /// Processors, in billionths.
    package var nanoCPUs: Int64?
    /// In microseconds.
    package var cpuPeriod: Int64?
    /// In microseconds a period; -1 for none.
    package var cpuQuota: Int64?
    package var cpuShares: Int64?
    /// Lists as "0-3,7".
    package var cpusetCPUs: String?
    package var cpusetMems: String?
    /// Processes and threads; -1 for no limit.
    package var pidsLimit: Int64?
    /// 10 to 1000.
    package var blkioWeight: UInt16?
    package var blkioWeightDevices: [DeviceLimit] = []
    /// In bytes or operations a second.
    package var readBytesPerSecond: [DeviceLimit] = []
    package var writeBytesPerSecond: [DeviceLimit] = []
    package var readOperationsPerSecond: [DeviceLimit] = []
    package var writeOperationsPerSecond: [DeviceLimit] = []
    /// Where the container's cgroup is made: a slice of systemd's, or a path.
    package var cgroupParent: String?

    package init() {}

    /// A weight or a rate of one block device.
    package struct DeviceLimit: Codable, Hashable, Sendable {
        package var path: String
        package var value: UInt64

        package init(path: String, value: UInt64) {
            self.path = path
            self.value = value
        }
    }

    /// Takes what `changes` asks for, and keeps the rest (`update`).
    package mutating func merge(_ changes: ResourceOptions) {
        memory = changes.memory ?? memory
        memorySwap = changes.memorySwap ?? memorySwap
        memoryReservation = changes.memoryReservation ?? memoryReservation
        // Two ways to say one thing: the newer word counts.
        if changes.nanoCPUs != nil { (cpuPeriod, cpuQuota) = (nil, nil) }
        if changes.cpuPeriod != nil || changes.cpuQuota != nil { nanoCPUs = nil }
        nanoCPUs = changes.nanoCPUs ?? nanoCPUs
        cpuPeriod = changes.cpuPeriod ?? cpuPeriod
        cpuQuota = changes.cpuQuota ?? cpuQuota
        cpuShares = changes.cpuShares ?? cpuShares
        cpusetCPUs = changes.cpusetCPUs ?? cpusetCPUs
        cpusetMems = changes.cpusetMems ?? cpusetMems
        pidsLimit = changes.pidsLimit ?? pidsLimit
        blkioWeight = changes.blkioWeight ?? blkioWeight
    }
}
