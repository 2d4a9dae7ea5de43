import Glibc

extension Capability {
    /// Every name of capabilities(7), at the place of its number; the last is Linux 5.9's.
    package static let names: [String] = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO",
        "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
        "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ]

    /// The number of the capability `name`, "CAP_KILL", by its bytes; nil for a name that there is not.
    package static func number(of name: String) -> UInt8? { place(of: name, in: names).map { UInt8($0) } }
}

extension ResourceLimit {
    // Their numbers on x86-64 and aarch64 (asm-generic/resource.h).
    private static let names: [String] = [
        "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC",
        "RLIMIT_NOFILE", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE",
        "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
    ]

    /// The number of the resource `name`, "RLIMIT_NOFILE" (getrlimit(2)), by its bytes; nil for a name that there is not.
    package static func number(of name: String) -> Int32? { place(of: name, in: names).map { Int32($0) } }
}

// A plain loop, on the way of every start.
func place(of name: String, in names: [String]) -> Int? {
    let length = name.utf8.count
    return name.withCString { bytes in
        for place in 0..<names.count where names[place].utf8.count == length {
            if names[place].withCString({ memcmp($0, bytes, length) }) == 0 { return place }
        }
        return nil
    }
}
