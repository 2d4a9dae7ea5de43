/// What the kernel does with a system call: the words of the runtime specification (config-linux.md, Seccomp)
/// and the return values of seccomp(2).
package enum SeccompAction: String, CaseIterable, Sendable {
    case kill = "SCMP_ACT_KILL"
    case killProcess = "SCMP_ACT_KILL_PROCESS"
    case killThread = "SCMP_ACT_KILL_THREAD"
    case trap = "SCMP_ACT_TRAP"
    case errno = "SCMP_ACT_ERRNO"
    case trace = "SCMP_ACT_TRACE"
    case allow = "SCMP_ACT_ALLOW"
    case log = "SCMP_ACT_LOG"
    case notify = "SCMP_ACT_NOTIFY"

    /// Whether a profile may give the action a number: an errno, or a message for the tracer.
    var takesNumber: Bool { self == .errno || self == .trace }

    /// Whether a call that nobody knew when the profile was written may go to the kernel by this default action.
    /// A tracer is expected to answer new calls itself.
    var letsCallsPass: Bool { self == .allow || self == .log || self == .trace }

    /// The value that a filter returns for the action (seccomp(2)), with EPERM where `number` is nil, as the
    /// specification has it.
    func result(number: UInt32?) -> FilterResult {
        let data = takesNumber ? (number ?? 1) & 0xffff : 0
        return switch self {
        case .kill, .killThread: FilterResult(rawValue: 0x0000_0000)
        case .killProcess: FilterResult(rawValue: 0x8000_0000)
        case .trap: FilterResult(rawValue: 0x0003_0000)
        case .errno: FilterResult(rawValue: 0x0005_0000 | data)
        case .notify: FilterResult(rawValue: 0x7fc0_0000)
        case .trace: FilterResult(rawValue: 0x7ff0_0000 | data)
        case .log: FilterResult(rawValue: 0x7ffc_0000)
        case .allow: FilterResult(rawValue: 0x7fff_0000)
        }
    }
}

/// A value that a filter returns to the kernel: an action in the upper half, its number in the lower (seccomp(2)).
struct FilterResult: Hashable, Sendable {
    let rawValue: UInt32

    static let allow = SeccompAction.allow.result(number: nil)
    static let killThread = SeccompAction.killThread.result(number: nil)
    /// ENOSYS, which is 38 on every architecture that a filter is compiled for.
    static let noSystemCall = SeccompAction.errno.result(number: 38)
}
