import Addresses
import Bytes
package import Errors

/// podman's options of `--network slirp4netns:…` (slirp4netns(1)).
package struct SlirpSettings: Codable, Hashable, Sendable {
    /// Whether 10.0.2.2 reaches the host's loopback.
    package var allowHostLoopback = false
    package var enableIPv6 = false
    /// In bytes; nil: the largest.
    package var mtu: Int?
    /// The network of the container, `a.b.c.d/n`; nil: 10.0.2.0/24.
    package var cidr: String?

    /// The defaults.
    package init() {}

    /// Reads `key=value,…`. Throws `OptionError`.
    package init(_ text: String) throws(OptionError) {
        for field in text.split(on: ",") {
            guard let (key, value) = splitOnce(field, "=") else {
                throw OptionError("invalid slirp4netns option '\(field)': it must be key=value")
            }
            func flag() throws(OptionError) -> Bool {
                guard let flag = goBool(value) else {
                    throw OptionError("invalid value '\(value)' of the slirp4netns option \(key)")
                }
                return flag
            }
            switch key {
            case "allow_host_loopback": allowHostLoopback = try flag()
            case "enable_ipv6": enableIPv6 = try flag()
            case "mtu":
                guard let number = Int(value), (68...65521).contains(number) else {
                    throw OptionError("invalid slirp4netns mtu '\(value)': it is 68 to 65521 bytes")
                }
                mtu = number
            case "cidr":
                guard Self.base(of: value) != nil else {
                    throw OptionError("invalid slirp4netns cidr '\(value)': it is a.b.c.0/n with an n of at most 25")
                }
                cidr = value
            case "outbound_addr", "outbound_addr6", "port_handler":
                throw .refused("the slirp4netns option \(key)", "this engine does not offer it")
            default: throw OptionError("unknown slirp4netns option '\(key)'")
            }
        }
    }

    /// The network's first address as a number; nil where `cidr` is no network that holds an address 100.
    static func base(of cidr: String) -> UInt32? {
        guard let (address, bits) = splitOnce(cidr, "/"), let length = UInt32(bits), (8...25).contains(length),
            case .v4(let number) = IPAddress(address)
        else { return nil }
        return number & (UInt32.max >> length) == 0 ? number : nil
    }

    /// The address that is `offset` into the network.
    private func address(_ offset: UInt32) -> String {
        let number = (cidr.flatMap(Self.base) ?? 0x0A00_0200) + offset
        return "\(number >> 24).\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
    }

    /// The container's own address.
    package var containerAddress: String { address(100) }
    /// The address at which the host's name servers answer.
    package var nameServer: String { address(3) }
    /// The address of the host.
    package var gateway: String { address(2) }
}
