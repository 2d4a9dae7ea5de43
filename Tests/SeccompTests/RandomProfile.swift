import CSeccomp
import OCI

@testable import Seccomp

/// xorshift64*, so that a failing seed fails again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }
}

enum LibraryNames {
    /// Whether Debian's libseccomp has the call on any architecture.
    static func knows(_ name: String) -> Bool { seccomp_syscall_resolve_name(name) != -1 }
}

/// Profiles of all actions, operators and kinds of calls.
enum RandomProfile {
    static let names = [
        "read", "write", "open", "close", "getpid", "kill", "clone", "socket", "bind", "accept", "accept4", "recvmsg",
        "sendmmsg", "semget", "semop", "shmat", "msgctl", "semtimedop", "socketcall", "ipc", "chown32", "mmap2",
        "_llseek",
        "openat2", "clone3", "rt_sigaction", "execve", "ptrace", "futex_waitv", "umount", "umount2", "no_such_call",
    ]

    /// What several rules for one call may look like.
    enum Kind: CaseIterable {
        /// One rule for each call; on i386 many calls share `ipc` and `socketcall`, so those have no conditions.
        case oneRule
        /// Up to three, each with one value of one argument.
        case equalities
        /// Two that disagree, on one argument of 32 bits.
        case disagreeing
        /// Up to three with up to three conditions and the same action.
        case agreeing
        /// Up to three with up to three conditions.
        case anything

        /// Where libseccomp 2.5.4 gets its own tree right. It forgets some rules of the others: of "argument 0 is
        /// less than 5" and "is at least 0x100000005" it makes a filter that lets 5 pass.
        static let libraryIsRight: [Kind] = [.oneRule, .equalities, .disagreeing]
    }

    static func make(_ kind: Kind, using generator: inout SeededGenerator) -> RuntimeSpec.Seccomp {
        let defaults = SeccompAction.allCases.filter { $0 != .notify }
        let defaultAction = defaults.randomElement(using: &generator)!
        var profile = RuntimeSpec.Seccomp(defaultAction: defaultAction.rawValue)
        if defaultAction.takesNumber { profile.defaultErrnoRet = UInt32.random(in: 1...200, using: &generator) }
        let others: [SeccompArchitecture] = [.x86, .x32].filter { _ in Bool.random(using: &generator) }
        profile.architectures = [SeccompArchitecture.x86_64.rawValue] + others.map(\.rawValue)
        var rules: [RuntimeSpec.Seccomp.Rule] = []
        for name in names where Int.random(in: 0..<4, using: &generator) > 0 {
            let isShared =
                SyscallTable.entry(name, on: .x86)?.multiplexed != nil || name == "ipc" || name == "socketcall"
            if isShared && (kind == .equalities || kind == .disagreeing) { continue }
            var rule = RuntimeSpec.Seccomp.Rule(names: [name], action: "")
            for index in 0..<count(kind, &generator) {
                if index == 0 || kind == .disagreeing || kind == .anything { chooseAction(&rule, &generator) }
                rule.args = kind == .oneRule && isShared ? nil : arguments(kind, &generator)
                rules.append(rule)
            }
        }
        profile.syscalls = rules
        return profile
    }

    private static func chooseAction(_ rule: inout RuntimeSpec.Seccomp.Rule, _ generator: inout SeededGenerator) {
        var action = SeccompAction.allCases.randomElement(using: &generator)!
        if action == .notify && rule.names == ["write"] { action = .allow }
        rule.action = action.rawValue
        rule.errnoRet = action.takesNumber ? UInt32.random(in: 1...200, using: &generator) : nil
    }

    private static func count(_ kind: Kind, _ generator: inout SeededGenerator) -> Int {
        switch kind {
        case .oneRule: 1
        case .disagreeing: 2
        case .equalities, .agreeing, .anything: Int.random(in: 1...3, using: &generator)
        }
    }

    private static func arguments(_ kind: Kind, _ generator: inout SeededGenerator) -> [RuntimeSpec.Seccomp.Argument]? {
        let narrow: [UInt64] = [0, 1, 5, 0xff, 0x7e02_0000, 0xffff_ffff]
        let wide: [UInt64] = [0x1_0000_0000, 0x1_0000_0005, 0xffff_ffff_0000_0000, .max]
        let values = kind == .disagreeing ? narrow : narrow + wide
        let isSingle = kind == .equalities || kind == .disagreeing
        let count = isSingle ? 1 : [0, 1, 1, 1, 2, 3].randomElement(using: &generator)!
        if count == 0 { return nil }
        let operators = kind == .equalities ? [.equal] : SeccompOperator.allCases
        return (0..<UInt32(count)).shuffled(using: &generator).map { index in
            .init(
                index: index, value: values.randomElement(using: &generator)!,
                valueTwo: values.randomElement(using: &generator)!,
                op: operators.randomElement(using: &generator)!.rawValue)
        }
    }
}
