/// Flags of seccomp(2) that a profile may name (config-linux.md, Seccomp).
package enum SeccompFlag: String, CaseIterable, Sendable {
    case threadSync = "SECCOMP_FILTER_FLAG_TSYNC"
    case log = "SECCOMP_FILTER_FLAG_LOG"
    case speculationAllowed = "SECCOMP_FILTER_FLAG_SPEC_ALLOW"
    case waitKillable = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"

    /// The flag's bit in the call. The process that loads a filter has one thread, so there is nothing to
    /// synchronize, and the bit would change what the call returns.
    var bit: UInt32 {
        switch self {
        case .threadSync: 0
        case .log: 1 << 1
        case .speculationAllowed: 1 << 2
        case .waitKillable: 1 << 5
        }
    }

    /// SECCOMP_FILTER_FLAG_NEW_LISTENER, which is nobody's to ask for: a rule that notifies needs it.
    static let newListenerBit: UInt32 = 1 << 3
}
