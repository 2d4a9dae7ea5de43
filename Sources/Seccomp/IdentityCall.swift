/// A system call about whom files and processes belong to, by what it does: its variants for numbers of 16 and 32 bits and
/// the several ways to name a file are one.
package enum IdentityCall: String, Sendable, CaseIterable {
    /// Of a path, a final symbolic link followed.
    case chown
    /// Of a path, a final symbolic link itself.
    case lchown
    /// Of a descriptor.
    case fchown
    /// Of a directory, a path and flags.
    case fchownat
    case mknod, mknodat
    /// stat(2) of a path, a final symbolic link followed: what PostgreSQL asks who its directory belongs to. lstat(2), fstat(2)
    /// and statx(2), by which trees are walked, stay the kernel's.
    case stat, newfstatat
    case setuid, setgid, setreuid, setregid, setresuid, setresgid, setgroups, setfsuid, setfsgid
    /// PR_SET_KEEPCAPS alone: capabilities survive the change to another user.
    case prctl
    /// RLIMIT_LOCKS alone, in which a process's credentials are: pam_limits(8) gives each session those of process 1.
    case setrlimit, prlimit64
    case getuid, geteuid, getgid, getegid, getresuid, getresgid, getgroups

    /// The call by its number on one architecture.
    package struct Variant: Equatable, Sendable {
        package let call: IdentityCall
        /// Whether ids are numbers of 16 bits, as i386 and ARM had them first.
        package let isShort: Bool
    }

    /// Whether i386 and ARM have a second variant of it for ids of 32 bits.
    private var hasWideVariant: Bool {
        switch self {
        case .stat, .newfstatat, .fchownat, .mknod, .mknodat, .prctl, .setrlimit, .prlimit64: false
        default: true
        }
    }

    /// The capability without which nobody changes what the call changes (capabilities(7)).
    private var capability: UInt64 {
        switch self {
        case .chown, .lchown, .fchown, .fchownat: 0
        case .mknod, .mknodat: 27
        case .setuid, .setreuid, .setresuid, .setfsuid, .getuid, .geteuid, .getresuid: 7
        default: 6
        }
    }

    /// Those that concern a container whose processes may have `capabilities` (bit n for capability n): the others are
    /// refused by the kernel, as they should be.
    static func all(with capabilities: UInt64) -> [IdentityCall] {
        allCases.filter { capabilities >> $0.capability & 1 == 1 }
    }

    /// The names of the call's variants.
    var names: [String] { hasWideVariant ? [rawValue, rawValue + "32"] : [rawValue] }

    /// What a call is, by `AUDIT_ARCH_…` in the upper half and its number in the lower, for a kernel of architecture
    /// `native`.
    package static func table(native: SeccompArchitecture = .native) -> [UInt64: Variant] {
        var table: [UInt64: Variant] = [:]
        for architecture in native.family {
            let hasBoth = architecture == .x86 || architecture == .arm
            // What others write into memory has another form.
            for call in allCases where architecture == native || call != .stat && call != .newfstatat {
                for (place, name) in call.names.enumerated() {
                    guard let number = SyscallTable.entry(name, on: architecture)?.number else { continue }
                    let isShort = hasBoth && call.hasWideVariant && place == 0
                    table[UInt64(architecture.auditValue) << 32 | UInt64(number)] = Variant(
                        call: call, isShort: isShort)
                }
            }
        }
        return table
    }
}
