import CSeccomp

/// Numbers of system calls by name and architecture: libseccomp's table, which compiles nothing here, and what is
/// newer than Debian's libseccomp.
enum SyscallTable {
    /// What a name means on an architecture.
    struct Entry: Equatable {
        /// The call's own number.
        var number: UInt32?
        /// The number of `socketcall` or `ipc` and the value of its first argument, where the call can also (or
        /// only) be made through one of them.
        var multiplexed: Multiplexed?

        struct Multiplexed: Equatable {
            let number: UInt32
            let selector: UInt32
        }
    }

    /// nil for a name that no architecture has; an empty entry for one that others have.
    static func entry(_ name: String, on architecture: SeccompArchitecture) -> Entry? {
        let number = seccomp_syscall_resolve_name_arch(architecture.libraryToken, name)
        if number >= 0 { return Entry(number: UInt32(number)) }
        switch number {
        case -1:
            guard let newer = newer[name] else { return nil }
            return Entry(number: newer.number(on: architecture))
        case -120 ... -101 where architecture == .x86:
            return Entry(
                number: directNumbersOnX86[name],
                multiplexed: Entry.Multiplexed(number: 102, selector: UInt32(-100 - number)))
        case -224 ... -201 where architecture == .x86:
            return Entry(
                number: directNumbersOnX86[name],
                multiplexed: Entry.Multiplexed(number: 117, selector: UInt32(-200 - number)))
        default:
            return Entry()
        }
    }

    /// Whether the architecture has a call of that name.
    static func has(_ name: String, on architecture: SeccompArchitecture) -> Bool {
        let entry = entry(name, on: architecture)
        return entry?.number != nil || entry?.multiplexed != nil
    }

    /// Calls that i386 first had in `socketcall` or `ipc` alone, and their own numbers, which libseccomp does not
    /// tell (arch/x86/entry/syscalls/syscall_32.tbl).
    private static let directNumbersOnX86: [String: UInt32] = [
        "recvmmsg": 337, "sendmmsg": 345, "socket": 359, "socketpair": 360, "bind": 361, "connect": 362,
        "listen": 363, "accept4": 364, "getsockopt": 365, "setsockopt": 366, "getsockname": 367,
        "getpeername": 368, "sendto": 369, "sendmsg": 370, "recvfrom": 371, "recvmsg": 372, "shutdown": 373,
        "semget": 393, "semctl": 394, "shmget": 395, "shmctl": 396, "shmat": 397, "shmdt": 398, "msgget": 399,
        "msgsnd": 400, "msgrcv": 401, "msgctl": 402,
    ]

    private enum Newer {
        /// The same number everywhere, as for all calls since 424.
        case everywhere(UInt32)
        /// x86-64 and x32 alone.
        case x86_64(UInt32)
        case riscv64(UInt32)

        func number(on architecture: SeccompArchitecture) -> UInt32? {
            switch (self, architecture) {
            case (.everywhere(let number), .x32), (.x86_64(let number), .x32): number | SeccompArchitecture.x32Bit
            case (.everywhere(let number), _), (.x86_64(let number), .x86_64), (.riscv64(let number), .riscv64): number
            default: nil
            }
        }
    }

    /// What the kernel has up to 6.19 and libseccomp 2.5.4 of Debian 12 (which ends at 456) has not.
    private static let newer: [String: Newer] = [
        "riscv_hwprobe": .riscv64(258), "riscv_flush_icache": .riscv64(259),
        "uretprobe": .x86_64(335), "uprobe": .x86_64(336),
        "cachestat": .everywhere(451), "fchmodat2": .everywhere(452), "map_shadow_stack": .everywhere(453),
        "futex_wake": .everywhere(454), "futex_wait": .everywhere(455), "futex_requeue": .everywhere(456),
        "statmount": .everywhere(457), "listmount": .everywhere(458), "lsm_get_self_attr": .everywhere(459),
        "lsm_set_self_attr": .everywhere(460), "lsm_list_modules": .everywhere(461), "mseal": .everywhere(462),
        "setxattrat": .everywhere(463), "getxattrat": .everywhere(464), "listxattrat": .everywhere(465),
        "removexattrat": .everywhere(466), "open_tree_attr": .everywhere(467), "file_getattr": .everywhere(468),
        "file_setattr": .everywhere(469), "listns": .everywhere(470),
    ]
}
