import ContainerSpec

/// The limits of `HostConfig`, in Docker's order: zero, empty or null is what was not asked for.
extension ContainerInspection.HostConfig {
    private var resources: ResourceOptions { options.resources }

    /// Those that come before the devices.
    func putLimits(into members: inout KeyedEncodingContainer<InspectionKey>) throws {
        try members.put("CpuShares", resources.cpuShares ?? 0)
        try members.put("Memory", resources.memory ?? 0)
        try members.put("NanoCpus", resources.nanoCPUs ?? 0)
        try members.put("CgroupParent", resources.cgroupParent ?? "")
        try members.put("BlkioWeight", resources.blkioWeight ?? 0)
        try members.put("BlkioWeightDevice", resources.blkioWeightDevices.map { WeightDevice(device: $0) })
        try members.put("BlkioDeviceReadBps", resources.readBytesPerSecond.map { RateDevice(device: $0) })
        try members.put("BlkioDeviceWriteBps", resources.writeBytesPerSecond.map { RateDevice(device: $0) })
        try members.put("BlkioDeviceReadIOps", resources.readOperationsPerSecond.map { RateDevice(device: $0) })
        try members.put("BlkioDeviceWriteIOps", resources.writeOperationsPerSecond.map { RateDevice(device: $0) })
        try members.put("CpuPeriod", resources.cpuPeriod ?? 0)
        try members.put("CpuQuota", resources.cpuQuota ?? 0)
        try members.put("CpuRealtimePeriod", 0)
        try members.put("CpuRealtimeRuntime", 0)
        try members.put("CpusetCpus", resources.cpusetCPUs ?? "")
        try members.put("CpusetMems", resources.cpusetMems ?? "")
    }

    /// Those that come behind the devices.
    func putFurtherLimits(into members: inout KeyedEncodingContainer<InspectionKey>) throws {
        let rules = options.deviceCgroupRules.map(\.description)
        try members.put("DeviceCgroupRules", rules.isEmpty ? nil : rules)
        try members.put("DeviceRequests", [String]?.none)
        try members.put("MemoryReservation", resources.memoryReservation ?? 0)
        // Docker writes down what it makes of a limit of memory alone.
        let double = (resources.memory ?? 0).multipliedReportingOverflow(by: 2)
        try members.put("MemorySwap", resources.memorySwap ?? (double.overflow ? -1 : double.partialValue))
        try members.put("MemorySwappiness", Int64?.none)
        try members.put("OomKillDisable", false)
        try members.put("PidsLimit", resources.pidsLimit)
    }

    private struct WeightDevice: Encodable {
        let device: ResourceOptions.DeviceLimit

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Path", device.path)
            try members.put("Weight", device.value)
        }
    }

    private struct RateDevice: Encodable {
        let device: ResourceOptions.DeviceLimit

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: InspectionKey.self)
            try members.put("Path", device.path)
            try members.put("Rate", device.value)
        }
    }
}
