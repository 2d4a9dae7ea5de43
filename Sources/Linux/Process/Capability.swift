/// Capabilities of the calling process (capabilities(7)).
package enum Capability {
    /// CAP_SYS_ADMIN.
    package static let systemAdministration: UInt8 = 21

    /// CAP_MKNOD.
    package static let deviceNodes: UInt8 = 27

    /// The effective set of the calling process, a bit for each number; empty where the kernel does not say.
    package static var effective: UInt64 {
        do throws(SystemError) { return try CapabilitySets.current().effective } catch { return 0 }
    }

    /// Whether the calling process has capability number `number` in its effective set.
    package static func isEffective(_ number: UInt8) -> Bool { effective >> UInt64(number) & 1 == 1 }
}
