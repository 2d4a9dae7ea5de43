import Bytes

/// Limits as properties of a unit (systemd.resource-control(5)).
extension SystemdCalls {
    /// The properties that say the same as `settings`; what systemd has no property for is left out, and stays as it is
    /// written to the cgroup.
    static func limits(_ settings: CgroupSettings) -> [BusValue] {
        var list: [BusValue] = []
        for setting in settings.settings {
            switch setting.file {
            case "pids.max": list.append(property("TasksMax", number(setting.value)))
            case "memory.max": list.append(property("MemoryMax", number(setting.value)))
            case "memory.swap.max": list.append(property("MemorySwapMax", number(setting.value)))
            case "memory.low": list.append(property("MemoryLow", number(setting.value)))
            case "memory.high": list.append(property("MemoryHigh", number(setting.value)))
            case "memory.min": list.append(property("MemoryMin", number(setting.value)))
            case "cpu.weight": list.append(property("CPUWeight", number(setting.value)))
            case "cpu.max": list += quota(setting.value)
            case "cpuset.cpus": list += mask("AllowedCPUs", setting.value)
            case "cpuset.mems": list += mask("AllowedMemoryNodes", setting.value)
            case "io.bfq.weight":
                if let weight = setting.otherwise.first?.value.split(on: " "), weight.first == "default" {
                    list.append(property("IOWeight", number(String(weight[1]))))
                }
            default: continue
            }
        }
        return list
    }

    // "max" is the greatest number there.
    private static func number(_ text: String) -> BusValue { .uint64(UInt64(text) ?? .max) }

    private static func quota(_ value: String) -> [BusValue] {
        let fields = value.split(on: " ")
        let period = fields.count > 1 ? UInt64(fields[1]) ?? 100_000 : 100_000
        var perSecond = UInt64.max
        if let quota = UInt64(fields.first ?? "max"), period > 0, quota < UInt64.max / 1_000_000 {
            // systemd rounds down to 10 ms, and would give less than was asked for.
            perSecond = (quota * 1_000_000 / period + 9999) / 10_000 * 10_000
        }
        return [
            property("CPUQuotaPerSecUSec", .uint64(perSecond)), property("CPUQuotaPeriodUSec", .uint64(period)),
        ]
    }

    private static func mask(_ name: String, _ list: String) -> [BusValue] {
        guard let bits = bits(list) else { return [] }
        return [property(name, .bytes(bits))]
    }

    /// A list "0-3,7" as bits, the lowest first; nil for what is no list.
    static func bits(_ list: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for range in list.split(on: ",") {
            let ends = range.split(on: "-").map { Int($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0,
                first <= last, last < 65536
            else { return nil }
            for bit in first...last {
                while bytes.count <= bit / 8 { bytes.append(0) }
                bytes[bit / 8] |= 1 << (bit % 8)
            }
        }
        return bytes
    }
}
