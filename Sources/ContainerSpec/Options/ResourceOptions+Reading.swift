import Bytes
package import Errors
import Linux

extension ResourceOptions {
    /// Takes the value of a flag; false for a flag that is no limit. Values that are the flag's word for "none" are as
    /// if it was not given. Throws `OptionError` for what cgroup v2 cannot do.
    package mutating func take(_ name: String, _ value: String) throws(OptionError) -> Bool {
        switch name {
        case "memory": memory = try Self.size(value)
        case "memory-swap": memorySwap = value == "-1" ? -1 : try Self.size(value)
        case "memory-reservation": memoryReservation = try Self.size(value)
        case "cpus": nanoCPUs = Self.billionths(value).flatMap { $0 == 0 ? nil : $0 }
        case "cpu-period": cpuPeriod = Self.number(value)
        case "cpu-quota": cpuQuota = Self.number(value)
        case "cpu-shares": cpuShares = Self.number(value)
        case "cpuset-cpus": cpusetCPUs = value.isEmpty ? nil : value
        case "cpuset-mems": cpusetMems = value.isEmpty ? nil : value
        case "pids-limit": pidsLimit = Self.number(value).map { max($0, -1) }
        case "blkio-weight": blkioWeight = UInt16(value).flatMap { $0 == 0 ? nil : $0 }
        case "blkio-weight-device": blkioWeightDevices.append(try DeviceLimit(weight: value))
        case "device-read-bps": readBytesPerSecond.append(try DeviceLimit(bytes: value))
        case "device-write-bps": writeBytesPerSecond.append(try DeviceLimit(bytes: value))
        case "device-read-iops": readOperationsPerSecond.append(try DeviceLimit(operations: value))
        case "device-write-iops": writeOperationsPerSecond.append(try DeviceLimit(operations: value))
        case "cgroup-parent": cgroupParent = value.isEmpty ? nil : value
        default: return try Self.refuse(name, value)
        }
        return true
    }

    // Settings of cgroup v1 that have no counterpart: their word for "none" is honoured.
    private static func refuse(_ name: String, _ value: String) throws(OptionError) -> Bool {
        switch name {
        case "memory-swappiness":
            guard value != "-1" else { return true }
            guard let number = Int(value), (0...100).contains(number) else {
                throw OptionError.usage("invalid value: \(value). Valid memory swappiness range is 0-100")
            }
            throw .refused("--\(name)", "cgroup v2 has no swappiness of its own")
        case "kernel-memory":
            guard Double(value) == 0 || value.isEmpty else {
                throw .refused("--\(name)", "cgroup v2 counts the kernel's memory as the container's; use --memory")
            }
        case "cpu-rt-period", "cpu-rt-runtime":
            guard value == "0" || value.isEmpty else {
                throw .refused("--\(name)", "cgroup v2 has no limit of real-time processor time")
            }
        case "oom-kill-disable":
            guard value == "false" || value == "0" else {
                throw .refused("--\(name)", "cgroup v2 cannot switch the killing off when memory runs out")
            }
        default: return false
        }
        return true
    }

    // 0 is the default of each number, and asks for nothing.
    private static func number(_ text: String) -> Int64? { Int64(text).flatMap { $0 == 0 ? nil : $0 } }

    private static func size(_ text: String) throws(OptionError) -> Int64? {
        let size = try ByteSize.parse(text)
        return size == 0 ? nil : size
    }

    /// Billionths of a decimal number; nil for what is none, or has more than nine digits behind the point.
    static func billionths(_ text: String) -> Int64? {
        let parts = text.split(on: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let isNegative = text.begins(with: "-")
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        let whole = String(parts[0].drop { $0 == "-" || $0 == "+" })
        guard !whole.isEmpty || !fraction.isEmpty, fraction.utf8.count <= 9,
            let high = whole.isEmpty ? 0 : UInt32(whole),
            let low = fraction.isEmpty ? 0 : UInt32(fraction + String(repeating: "0", count: 9 - fraction.utf8.count))
        else { return nil }
        let value = Int64(high) * 1_000_000_000 + Int64(low)
        return isNegative ? -value : value
    }
}

extension ResourceOptions.DeviceLimit {
    private static func split(_ text: String) throws(OptionError) -> (path: String, value: String) {
        let parts = text.split(on: ":", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 2, !parts[0].isEmpty else { throw OptionError("bad format: \(text)") }
        guard parts[0].begins(with: "/dev/") else { throw OptionError("bad format for device path: \(text)") }
        return (parts[0], parts[1])
    }

    /// Reads `path:weight`. Throws `OptionError`.
    package init(weight text: String) throws(OptionError) {
        let parts = try Self.split(text)
        guard let weight = UInt16(parts.value), weight == 0 || (10...1000).contains(weight) else {
            throw OptionError("invalid weight for device: \(text)")
        }
        self.init(path: parts.path, value: UInt64(weight))
    }

    /// Reads `path:size` with a unit. Throws `OptionError`.
    package init(bytes text: String) throws(OptionError) {
        let parts = try Self.split(text)
        guard let rate = try? ByteSize.parse(parts.value) else {
            throw OptionError(
                "invalid rate for device: \(text). The correct format is <device-path>:<number>[<unit>]. Number must be "
                    + "a positive integer. Unit is optional and can be kb, mb, or gb")
        }
        self.init(path: parts.path, value: UInt64(rate))
    }

    /// Reads `path:number`. Throws `OptionError`.
    package init(operations text: String) throws(OptionError) {
        let parts = try Self.split(text)
        guard let rate = UInt64(parts.value) else {
            throw OptionError(
                "invalid rate for device: \(text). The correct format is <device-path>:<number>. Number must be a "
                    + "positive integer")
        }
        self.init(path: parts.path, value: rate)
    }
}
