import CLinux

/// Capabilities of the calling process (capabilities(7)).
package enum Capability {
    /// CAP_SYS_ADMIN.
    package static let systemAdministration: UInt8 = 21

    /// CAP_MKNOD.
    package static let deviceNodes: UInt8 = 27

    /// Whether the calling process has capability number `number` in its effective set.
    package static func isEffective(_ number: UInt8) -> Bool {
        var effective: UInt64 = 0
        var permitted: UInt64 = 0
        var inheritable: UInt64 = 0
        guard apus_capget(&effective, &permitted, &inheritable) == 0 else { return false }
        return effective >> UInt64(number) & 1 == 1
    }
}
