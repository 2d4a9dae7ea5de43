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

    static func make(using generator: inout SeededGenerator) -> RuntimeSpec.Seccomp {
        let actions = SeccompAction.allCases
        let defaults = actions.filter { $0 != .notify }
        let defaultAction = defaults.randomElement(using: &generator)!
        var profile = RuntimeSpec.Seccomp(defaultAction: defaultAction.rawValue)
        if defaultAction.takesNumber { profile.defaultErrnoRet = UInt32.random(in: 1...200, using: &generator) }
        let others: [SeccompArchitecture] = [.x86, .x32].filter { _ in Bool.random(using: &generator) }
        profile.architectures = [SeccompArchitecture.x86_64.rawValue] + others.map(\.rawValue)
        var rules: [RuntimeSpec.Seccomp.Rule] = []
        for name in names where Int.random(in: 0..<4, using: &generator) > 0 {
            var action = actions.randomElement(using: &generator)!
            if action == .notify && name == "write" { action = .allow }
            let errno: UInt32? = action.takesNumber ? UInt32.random(in: 1...200, using: &generator) : nil
            // Several rules for one call share their action: where they do not and overlap, libseccomp orders them by
            // its own tree, and ours by the profile.
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                rules.append(
                    .init(names: [name], action: action.rawValue, errnoRet: errno, args: arguments(&generator)))
            }
        }
        profile.syscalls = rules
        return profile
    }

    private static func arguments(_ generator: inout SeededGenerator) -> [RuntimeSpec.Seccomp.Argument]? {
        let interesting: [UInt64] = [
            0, 1, 5, 0xff, 0x7e02_0000, 0xffff_ffff, 0x1_0000_0000, 0x1_0000_0005, 0xffff_ffff_0000_0000, .max,
        ]
        let count = [0, 1, 1, 1, 2, 3].randomElement(using: &generator)!
        if count == 0 { return nil }
        return (0..<UInt32(count)).shuffled(using: &generator).map { index in
            .init(
                index: index, value: interesting.randomElement(using: &generator)!,
                valueTwo: interesting.randomElement(using: &generator)!,
                op: SeccompOperator.allCases.randomElement(using: &generator)!.rawValue)
        }
    }
}
