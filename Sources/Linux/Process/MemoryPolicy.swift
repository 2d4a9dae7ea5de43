import CLinux

/// On which nodes of a NUMA machine the memory of the calling process is (set_mempolicy(2)).
package struct MemoryPolicy: Equatable, Sendable {
    /// MPOL_BIND and the like, as linux/mempolicy.h numbers them.
    private let mode: Int32
    private let flags: Int32

    /// The names of modes, each at the place of its number; the last is Linux 6.9's.
    package static let modes: [String] = [
        "MPOL_DEFAULT", "MPOL_PREFERRED", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_LOCAL", "MPOL_PREFERRED_MANY",
        "MPOL_WEIGHTED_INTERLEAVE",
    ]

    /// The names of flags, the first with bit 13.
    package static let flags: [String] = ["MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"]

    /// Throws the name that is unknown.
    package init(mode: String, flags: [String]) throws(UnknownName) {
        guard let number = place(of: mode, in: Self.modes) else { throw UnknownName(name: mode) }
        var bits: Int32 = 0
        for flag in flags {
            guard let bit = place(of: flag, in: Self.flags) else { throw UnknownName(name: flag) }
            bits |= 1 << Int32(13 + bit)
        }
        self.mode = Int32(number)
        self.flags = bits
    }

    /// A name that no mode and no flag has.
    package struct UnknownName: Error { package let name: String }

    /// Makes it the calling process's, on `nodes`: a bit for each, the lowest first; none for a mode that takes none.
    package func set(nodes: [UInt64]) throws(SystemError) {
        try check("set_mempolicy") { apus_set_mempolicy(mode | flags, nodes, nodes.count) }
    }
}
