package import Addresses
import Bytes

/// The addresses of one version that a network has.
package struct NetworkPool: Sendable {
    package var subnet: Subnet
    /// Where containers' addresses are taken from; nil for all of the subnet.
    package var range: Subnet?
    package var gateway: IPAddress?
    /// Addresses that no container gets, by the names that they were given.
    package var auxiliary: [(String, IPAddress)]
    /// Whether a user has chosen the subnet.
    package var isChosen: Bool

    package init(
        subnet: Subnet, range: Subnet? = nil, gateway: IPAddress? = nil, auxiliary: [(String, IPAddress)] = [],
        isChosen: Bool = false
    ) {
        self.isChosen = isChosen
        self.subnet = subnet
        self.range = range
        self.gateway = gateway
        self.auxiliary = auxiliary
    }

    /// The bridge's own address: the gateway that was asked for, or else the first one that a container could have.
    package var bridgeAddress: IPAddress? { gateway ?? firstFree(besides: []) }

    /// The lowest address for containers that is none of `used`; nil where all are taken.
    func firstFree(besides used: Set<IPAddress>) -> IPAddress? {
        let range = range ?? subnet
        var candidate: IPAddress? = range.base
        while let address = candidate, range.contains(address) {
            if !isReserved(address), !used.contains(address) { return address }
            candidate = address.advanced(by: 1)
        }
        return nil
    }

    /// Whether an address is that of the subnet itself, or, of version 4, of all on it; of two addresses neither is (RFC 3021).
    func isReserved(_ address: IPAddress) -> Bool {
        if address.isV4, subnet.prefix >= 31 { return false }
        return address == subnet.base || address.isV4 && address == subnet.last
    }
}

/// A network as it was made.
package struct NetworkDefinition: Sendable {
    /// 64 hexadecimal digits.
    package var id: String
    package var name: String
    /// RFC 3339.
    package var created: String
    package var driver: String
    package var pools: [NetworkPool] = []
    package var enableIPv4 = true
    package var enableIPv6 = false
    package var isInternal = false
    package var isAttachable = false
    package var isIngress = false
    package var options: [(String, String)] = []
    package var labels: [(String, String)] = []
    /// The rules of `--egress`; nil where there are none.
    package var egress: String?
    /// Whether it is there without anybody having made it, and cannot be removed.
    package var isBuiltIn = false

    package init(id: String, name: String, created: String, driver: String) {
        self.id = id
        self.name = name
        self.created = created
        self.driver = driver
    }
}

extension NetworkDefinition {
    /// Docker's default network.
    package static let defaultName = "bridge"

    /// Whether it is the default network.
    package var isDefault: Bool { isBuiltIn && name.isSame(as: Self.defaultName) }

    /// The value of an option of the driver; nil where it was not given.
    package func option(_ name: String) -> String? {
        for (key, value) in options where key.isSame(as: name) { return value }
        return nil
    }

    /// What Go's ParseBool makes of an option; nil where it is none of its words.
    package static func bool(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }

    /// Whether containers on it reach each other.
    package var hasInnerTraffic: Bool { option("com.docker.network.bridge.enable_icc").flatMap(Self.bool) ?? true }

    /// Whether the kernel forwards and translates what its containers send to the world, by IPv4 (`-o nat=kernel`).
    package var hasKernelNAT: Bool { option(Self.natOption).map { $0.isSame(as: Self.kernelNAT) } ?? false }

    /// The option that says who translates the addresses of what goes out, and its value for the kernel; else it is "gate".
    package static let natOption = "nat"
    package static let kernelNAT = "kernel"

    /// The name of its bridge, at most 15 bytes (IFNAMSIZ, netdevice(7)).
    package var bridgeName: String {
        if isDefault { return "docker0" }
        if let name = option("com.docker.network.bridge.name"), (1...15).contains(name.utf8.count) { return name }
        return "br-" + id.prefix(12)
    }

    /// The pool of version 4, or that of version 6; nil where it has none.
    package func pool(v4: Bool) -> NetworkPool? {
        // A subnet may be given for a version that is off.
        guard v4 ? enableIPv4 : enableIPv6 else { return nil }
        for pool in pools where pool.subnet.base.isV4 == v4 { return pool }
        return nil
    }
}
