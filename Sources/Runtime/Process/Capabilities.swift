import OCI

/// Capabilities by the names of capabilities(7), as a set of bits: their numbers in the kernel's interface.
enum CapabilityNames {
    // In the order of their numbers.
    private static let names: [StaticString] = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN",
        "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
        "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE",
        "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
        "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
        "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ]

    static let count = names.count

    static var all: [String] { names.map { "\($0)" } }

    /// The number of a capability; nil for a name that there is not.
    static func number(_ name: String) -> Int? {
        var copy = name
        return copy.withUTF8 { text in
            names.firstIndex { known in
                known.utf8CodeUnitCount == text.count
                    && UnsafeBufferPointer(start: known.utf8Start, count: text.count).elementsEqual(text)
            }
        }
    }

    /// The bits of a list; throws for a name that there is not.
    static func bits(_ names: [String]?) throws(LaunchError) -> UInt64 {
        var bits: UInt64 = 0
        for name in names ?? [] {
            guard let number = number(name) else {
                throw LaunchError(.credentials, sentence: "the capability \"\(name)\" is unknown")
            }
            bits |= 1 << UInt64(number)
        }
        return bits
    }
}

/// The five sets of a process, as bits.
struct CapabilityPlan: Equatable {
    let bounding: UInt64
    let effective: UInt64
    let inheritable: UInt64
    let permitted: UInt64
    let ambient: UInt64

    /// No sets at all mean no capabilities at all.
    init(_ sets: RuntimeSpec.Capabilities?) throws(LaunchError) {
        bounding = try CapabilityNames.bits(sets?.bounding)
        effective = try CapabilityNames.bits(sets?.effective)
        inheritable = try CapabilityNames.bits(sets?.inheritable)
        permitted = try CapabilityNames.bits(sets?.permitted)
        ambient = try CapabilityNames.bits(sets?.ambient)
    }
}
