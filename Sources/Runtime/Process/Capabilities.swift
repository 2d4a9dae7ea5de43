import Linux
import OCI

/// Capabilities by the names of capabilities(7), as a set of bits: their numbers in the kernel's interface.
enum CapabilityNames {
    /// The bits of a list. A name that there is not grants nothing: whoever reads a configuration warns of it
    /// (config.md, Linux Process).
    static func bits(_ names: [String]?) -> UInt64 {
        var bits: UInt64 = 0
        for name in names ?? [] {
            if let number = Capability.number(of: name) { bits |= 1 << UInt64(number) }
        }
        return bits
    }
}

/// The five sets of a process, as bits.
struct CapabilityPlan: Equatable {
    let bounding: UInt64
    private(set) var effective: UInt64
    private(set) var inheritable: UInt64
    private(set) var permitted: UInt64
    private(set) var ambient: UInt64

    /// No sets at all mean no capabilities at all.
    init(_ sets: RuntimeSpec.Capabilities?) {
        let bounding = CapabilityNames.bits(sets?.bounding)
        // Mostly the sets are the same list, in the same memory: its names are looked up once.
        func bits(_ names: [String]?) -> UInt64 {
            guard let names else { return 0 }
            return Self.isOne(names, sets?.bounding ?? []) ? bounding : CapabilityNames.bits(names)
        }
        self.bounding = bounding
        effective = bits(sets?.effective)
        inheritable = bits(sets?.inheritable)
        permitted = bits(sets?.permitted)
        ambient = bits(sets?.ambient)
    }

    private static func isOne(_ list: [String], _ other: [String]) -> Bool {
        list.count == other.count
            && list.withUnsafeBufferPointer { list in
                other.withUnsafeBufferPointer { list.baseAddress == $0.baseAddress }
            }
    }

    /// Takes away what a process with `permitted` cannot give: privileged containers of a restricted caller start with what
    /// there is, as Docker's do. Each set is cut down to those that it has to be in, too.
    mutating func limit(to available: UInt64) {
        permitted &= available
        inheritable &= available
        effective &= permitted
        ambient &= permitted & inheritable
    }
}
