import Linux
import OCI
import Testing

@testable import Seccomp

@Suite struct DefaultProfileTests {
    private func allowed(_ capabilities: UInt64, kernel: KernelVersion = KernelVersion(6, 1)) -> Set<String> {
        let profile = DefaultProfile.specification(
            capabilities: capabilities, kernel: kernel, architecture: .x86_64)
        let rules = (profile.syscalls ?? []).filter { $0.action == "SCMP_ACT_ALLOW" && $0.args == nil }
        return Set(rules.flatMap(\.names))
    }

    /// A checksum of all names: the list is Docker's, so a change of it is never a slip.
    @Test func theListIsTheOneThatWasComparedWithDockers() {
        let names = allowed(0)
        #expect(names.count == 361 + 5)
        #expect(checksum(Array(names.sorted().joined(separator: " ").utf8)) == 1_935_071_305_486_811_438)
    }

    @Test func noCallIsListedTwice() {
        for capabilities in [0, 0x1ff_ffff_ffff] as [UInt64] {
            let profile = DefaultProfile.specification(capabilities: capabilities, architecture: .x86_64)
            let plain = (profile.syscalls ?? []).filter { $0.args == nil }.flatMap(\.names)
            let repeated = Dictionary(grouping: plain) { $0 }.filter { $0.value.count > 1 }.keys
            #expect(
                capabilities == 0
                    ? repeated.isEmpty
                    : Set(repeated).isSubset(of: [
                        "ptrace", "process_vm_readv", "process_vm_writev", "syslog", "bpf", "perf_event_open",
                    ]))
        }
    }

    @Test func everyNameIsACall() throws {
        for architecture in [SeccompArchitecture.x86_64, .aarch64, .riscv64] {
            let profile = DefaultProfile.specification(capabilities: .max, architecture: architecture)
            #expect(try SeccompCompiler.program(for: profile, native: architecture).ignoredCalls == [])
        }
    }

    @Test func capabilitiesBringTheirCalls() {
        let without = allowed(0)
        let bits: [(UInt64, [String])] = [
            (2, ["open_by_handle_at"]), (16, ["init_module", "finit_module", "delete_module"]),
            (17, ["iopl", "ioperm"]),
            (18, ["chroot"]), (19, ["kcmp", "pidfd_getfd", "process_madvise"]), (20, ["acct"]), (22, ["reboot"]),
            (23, ["get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"]),
            (25, ["settimeofday", "stime", "clock_settime", "clock_settime64"]), (26, ["vhangup"]), (34, ["syslog"]),
            (38, ["perf_event_open"]), (39, ["bpf"]),
        ]
        for (bit, names) in bits { #expect(allowed(1 << bit).subtracting(without) == Set(names), "capability \(bit)") }
        #expect(allowed(1 << 21).subtracting(without).count == 26)
    }

    @Test func onlyTheCapabilitiesOfTheProfileChangeIt() {
        let matter = DefaultProfile.capabilitiesThatMatter
        let used: UInt64 = DefaultProfile.groups.reduce(0) { bits, group in
            switch group.condition {
            case .granted(let capability), .withheld(let capability): bits | 1 << UInt64(capability.rawValue)
            case .always, .architectures, .kernel: bits
            }
        }
        #expect(matter == used)
        #expect(matter.nonzeroBitCount == 14)
        #expect(allowed(~matter) == allowed(0))
    }

    @Test func tracingNeedsLinux48() {
        #expect(allowed(0).contains("ptrace"))
        #expect(!allowed(0, kernel: KernelVersion(4, 7)).contains("ptrace"))
        #expect(allowed(1 << 19, kernel: KernelVersion(4, 7)).contains("ptrace"))
    }

    @Test func versionsOfTheKernelAreReadFromItsRelease() {
        #expect(KernelVersion("6.1.0-18-amd64") == KernelVersion(6, 1))
        #expect(KernelVersion("4.8") == KernelVersion(4, 8))
        #expect(KernelVersion("5.10-rc1") == KernelVersion(5, 10))
        for text in ["new", "", "6", "6.", ".1", "6.x", "-6.1", "99999999999999999999.1"] {
            #expect(KernelVersion(text) == nil, "\(text)")
        }
        #expect(KernelVersion(4, 19) < KernelVersion(5, 2))
        #expect(KernelVersion.running > KernelVersion(3, 0))
    }
}
