import OCI

extension CgroupSettings {
    mutating func addIO(_ io: RuntimeSpec.Resources.BlockIO) throws(CgroupError) {
        if let weight = io.leafWeight, weight != 0 {
            throw .invalid("a weight of a cgroup without its children cannot be set: cgroup v2 has no such setting")
        }
        if let weight = io.weight, weight != 0 { try addWeight(weight, prefix: "", default: "default ") }
        for device in io.weightDevice ?? [] {
            if let weight = device.leafWeight, weight != 0 {
                throw .invalid(
                    "a weight of a cgroup without its children cannot be set: cgroup v2 has no such setting")
            }
            guard let weight = device.weight, weight != 0 else { continue }
            let name = "\(device.major):\(device.minor) "
            try addWeight(weight, prefix: name, default: name)
        }
        let limits: [(String, [RuntimeSpec.Resources.BlockIO.Device]?)] = [
            ("rbps", io.throttleReadBpsDevice), ("wbps", io.throttleWriteBpsDevice),
            ("riops", io.throttleReadIOPSDevice), ("wiops", io.throttleWriteIOPSDevice),
        ]
        for (key, devices) in limits {
            for device in devices ?? [] {
                guard let rate = device.rate else { continue }
                add(.io, "io.max", "\(device.major):\(device.minor) \(key)=\(rate == 0 ? "max" : String(rate))")
            }
        }
    }

    // BFQ, where it is the scheduler, has a file of its own with the weights of version 1.
    private mutating func addWeight(_ weight: UInt16, prefix: String, default: String) throws(CgroupError) {
        guard (10...1000).contains(weight) else {
            throw .invalid("\(weight) is no weight of a block device: it is 10 to 1000")
        }
        add(
            .io, "io.bfq.weight", "\(prefix)\(weight)",
            otherwise: [.init(file: "io.weight", value: "\(`default`)\(Self.ioWeight(weight))")])
    }

    /// The weight (1 to 10,000) that corresponds to one of cgroup v1 (10 to 1000).
    static func ioWeight(_ weight: UInt16) -> Int { 1 + (Int(weight) - 10) * 9999 / 990 }
}
