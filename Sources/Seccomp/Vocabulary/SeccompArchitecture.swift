/// The architectures that a profile may name (config-linux.md, Seccomp).
package enum SeccompArchitecture: String, CaseIterable, Sendable {
    case x86 = "SCMP_ARCH_X86"
    case x86_64 = "SCMP_ARCH_X86_64"
    case x32 = "SCMP_ARCH_X32"
    case arm = "SCMP_ARCH_ARM"
    case aarch64 = "SCMP_ARCH_AARCH64"
    case mips = "SCMP_ARCH_MIPS"
    case mips64 = "SCMP_ARCH_MIPS64"
    case mips64n32 = "SCMP_ARCH_MIPS64N32"
    case mipsel = "SCMP_ARCH_MIPSEL"
    case mipsel64 = "SCMP_ARCH_MIPSEL64"
    case mipsel64n32 = "SCMP_ARCH_MIPSEL64N32"
    case ppc = "SCMP_ARCH_PPC"
    case ppc64 = "SCMP_ARCH_PPC64"
    case ppc64le = "SCMP_ARCH_PPC64LE"
    case s390 = "SCMP_ARCH_S390"
    case s390x = "SCMP_ARCH_S390X"
    case parisc = "SCMP_ARCH_PARISC"
    case parisc64 = "SCMP_ARCH_PARISC64"
    case riscv64 = "SCMP_ARCH_RISCV64"
    case loongarch64 = "SCMP_ARCH_LOONGARCH64"
    case m68k = "SCMP_ARCH_M68K"
    case sh = "SCMP_ARCH_SH"
    case sheb = "SCMP_ARCH_SHEB"

    /// The architecture of this executable.
    package static var native: SeccompArchitecture {
        #if arch(x86_64)
            .x86_64
        #elseif arch(arm64)
            .aarch64
        #elseif arch(riscv64)
            .riscv64
        #else
            #error("the seccomp compiler does not know this architecture")
        #endif
    }

    /// The architectures whose calls a kernel of this one takes, itself first. No call of another one can reach it,
    /// so a filter needs no code for the others.
    var family: [SeccompArchitecture] {
        switch self {
        case .x86_64: [.x86_64, .x86, .x32]
        case .aarch64: [.aarch64, .arm]
        default: [self]
        }
    }

    /// `AUDIT_ARCH_…` (linux/audit.h), which a filter sees; x32 shares it with x86-64. 0 where no filter is
    /// compiled for the architecture.
    var auditValue: UInt32 {
        switch self {
        case .x86_64, .x32: 0xc000_003e
        case .x86: 0x4000_0003
        case .aarch64: 0xc000_00b7
        case .arm: 0x4000_0028
        case .riscv64: 0xc000_00f3
        default: 0
        }
    }

    /// libseccomp's number for the architecture (seccomp_arch_add(3)): the audit value, but for x32.
    var libraryToken: UInt32 { self == .x32 ? 0x4000_003e : auditValue }

    /// Whether arguments have 64 bits; otherwise only the lower half of each is compared.
    var isWide: Bool { self == .x86_64 || self == .aarch64 || self == .riscv64 }

    /// The name by which Docker's profiles include and exclude rules, where it is the machine's architecture.
    var dockerName: String {
        switch self {
        case .x86_64: "amd64"
        case .aarch64: "arm64"
        case .riscv64: "riscv64"
        default: rawValue
        }
    }

    /// x32 marks its calls with this bit of the number (arch/x86/include/uapi/asm/unistd.h).
    static let x32Bit: UInt32 = 0x4000_0000

    /// From here on 32-bit ARM has its private calls (arch/arm/include/uapi/asm/unistd.h), far above the others.
    static let armPrivateCalls: UInt32 = 0x000f_0000
}
