import Linux
import OCI
import Testing

@testable import Seccomp

/// Our programs against libseccomp's, on every number, on many arguments.
@Suite struct EquivalenceTests {
    /// Docker's default capabilities: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap,
    /// net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap.
    static let dockersCapabilities: UInt64 = 0xa804_25fb

    static let capabilitySets: [UInt64] = [
        0, dockersCapabilities, 0x1ff_ffff_ffff, dockersCapabilities | 1 << 21, 1 << 19 | 1 << 2, 1 << 25 | 1 << 39,
    ]

    /// libseccomp of Debian 12 does not know the newest calls, which are the profile's highest: both leave them out.
    static func known(_ profile: RuntimeSpec.Seccomp) -> RuntimeSpec.Seccomp {
        var profile = profile
        profile.syscalls = profile.syscalls?.map { rule in
            var rule = rule
            rule.names = rule.names.filter { LibraryNames.knows($0) }
            return rule
        }
        return profile
    }

    @Test(arguments: capabilitySets)
    func theDefaultProfileAnswersAsLibseccompDoes(capabilities: UInt64) throws {
        let profile = Self.known(DefaultProfile.specification(capabilities: capabilities, architecture: .x86_64))
        var generator = SeededGenerator(seed: capabilities)
        var comparison = try Comparison(profile, native: .x86_64)
        let lists = comparison.argumentLists(using: &generator, count: 20)
        let differences = comparison.differences(lists)
        #expect(differences.isEmpty, "\(differences.prefix(5)) and \(differences.count) in all")
        #expect(comparison.ours.count < comparison.theirs.count)
        #expect(comparison.longest < 40)
    }

    @Test func theDefaultProfileOfARMAnswersAsLibseccompDoes() throws {
        let profile = Self.known(
            DefaultProfile.specification(capabilities: Self.dockersCapabilities, architecture: .aarch64))
        var generator = SeededGenerator(seed: 1)
        var comparison = try Comparison(profile, native: .aarch64)
        let differences = comparison.differences(comparison.argumentLists(using: &generator, count: 20))
        #expect(differences.isEmpty, "\(differences.prefix(5)) and \(differences.count) in all")
    }

    @Test func theDefaultProfileBeforeLinux48HasNoTracing() throws {
        let old = DefaultProfile.specification(capabilities: 0, kernel: KernelVersion(4, 7), architecture: .x86_64)
        #expect(old.syscalls?.contains { $0.names.contains("ptrace") } == false)
        var generator = SeededGenerator(seed: 2)
        var comparison = try Comparison(Self.known(old), native: .x86_64)
        let differences = comparison.differences(comparison.argumentLists(using: &generator, count: 5))
        #expect(differences.isEmpty, "\(differences.prefix(5)) and \(differences.count) in all")
    }
}
