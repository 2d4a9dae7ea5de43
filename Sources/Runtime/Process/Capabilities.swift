import Linux
import OCI

/// Capabilities by the names of capabilities(7), as a set of bits: their numbers in the kernel's interface.
enum CapabilityNames {
    /// The bits of a list; throws for a name that there is not.
    static func bits(_ names: [String]?) throws(LaunchError) -> UInt64 {
        var bits: UInt64 = 0
        for name in names ?? [] {
            guard let number = Capability.number(of: name) else {
                throw LaunchError(.credentials, sentence: "the capability \"\(name)\" is unknown")
            }
            bits |= 1 << UInt64(number)
        }
        return bits
    }
}

/// The five sets of a process, as bits.
struct CapabilityPlan: Equatable {
    let bounding: UInt64
    let effective: UInt64
    let inheritable: UInt64
    let permitted: UInt64
    let ambient: UInt64

    /// No sets at all mean no capabilities at all.
    init(_ sets: RuntimeSpec.Capabilities?) throws(LaunchError) {
        bounding = try CapabilityNames.bits(sets?.bounding)
        effective = try CapabilityNames.bits(sets?.effective)
        inheritable = try CapabilityNames.bits(sets?.inheritable)
        permitted = try CapabilityNames.bits(sets?.permitted)
        ambient = try CapabilityNames.bits(sets?.ambient)
    }
}
