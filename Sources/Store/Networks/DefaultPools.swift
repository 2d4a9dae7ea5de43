import Addresses
import Bytes
import Glibc
import Linux

/// Subnets for networks whose makers name none.
enum DefaultPools {
    /// Docker's: 172.17.0.0/16 to 172.31.0.0/16, and 192.168.0.0/16 in parts.
    static var v4: [Subnet] {
        var pools: [Subnet] = []
        for second in UInt32(17)...31 {
            if let pool = Subnet(.v4(172 << 24 | second << 16), prefix: 16) { pools.append(pool) }
        }
        for part in UInt32(0)..<16 {
            if let pool = Subnet(.v4(192 << 24 | 168 << 16 | part << 12), prefix: 20) { pools.append(pool) }
        }
        return pools
    }

    /// Of a unique local prefix (RFC 4193) that the store at `path` has for itself.
    static func v6(_ path: String) -> [Subnet] {
        // FNV-1a: any mixing does, as long as it is the same each time.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(geteuid()) \(path)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let global = 0xfd << 56 | (hash & 0xff_ffff_ffff) << 16
        var pools: [Subnet] = []
        for part in UInt64(0)..<256 {
            if let pool = Subnet(.v6(global | part, 0), prefix: 64) { pools.append(pool) }
        }
        return pools
    }
}

/// What the machine itself reaches other than by its default route.
enum HostRoutes {
    /// The subnets of its routes (proc_pid_net(5)); none of a version whose table cannot be read. With `isOwn` false without
    /// those to containers, over interfaces that begin with `apus-`.
    static func subnets(isOwn: Bool = true) -> [Subnet] {
        var subnets: [Subnet] = []
        if let text = try? Files.readText("/proc/self/net/route", limit: 1 << 20) {
            for line in text.split(on: "\n").dropFirst() {
                let fields = line.split { $0 == "\t" || $0 == " " }
                guard fields.count > 7, let target = UInt32(fields[1], radix: 16),
                    let mask = UInt32(fields[7], radix: 16)
                else { continue }
                if !isOwn, fields[0].begins(with: "apus-") { continue }
                let prefix = mask.nonzeroBitCount
                if prefix > 0, let subnet = Subnet(.v4(target.byteSwapped), prefix: prefix) { subnets.append(subnet) }
            }
        }
        if let text = try? Files.readText("/proc/self/net/ipv6_route", limit: 1 << 20) {
            for line in text.split(on: "\n") {
                let fields = line.split { $0 == "\t" || $0 == " " }
                guard fields.count > 1, fields[0].utf8.count == 32,
                    let high = UInt64(fields[0].droppingLast(16), radix: 16),
                    let low = UInt64(fields[0].dropping(16), radix: 16), let prefix = Int(fields[1], radix: 16)
                else { continue }
                if (1..<128).contains(prefix), let subnet = Subnet(.v6(high, low), prefix: prefix) {
                    subnets.append(subnet)
                }
            }
        }
        return subnets
    }
}
