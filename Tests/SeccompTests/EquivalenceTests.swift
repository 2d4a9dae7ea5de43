import Glibc
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

    static func empty(_ action: SeccompAction) -> RuntimeSpec.Seccomp {
        RuntimeSpec.Seccomp(defaultAction: action.rawValue)
    }

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
        let lists = Comparison.argumentLists(for: profile, using: &generator, count: 20)
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
        let differences = comparison.differences(Comparison.argumentLists(for: profile, using: &generator, count: 20))
        #expect(differences.isEmpty, "\(differences.prefix(5)) and \(differences.count) in all")
    }

    @Test func theDefaultProfileBeforeLinux48HasNoTracing() throws {
        let old = DefaultProfile.specification(capabilities: 0, kernel: KernelVersion(4, 7), architecture: .x86_64)
        #expect(old.syscalls?.contains { $0.names.contains("ptrace") } == false)
        var generator = SeededGenerator(seed: 2)
        let profile = Self.known(old)
        var comparison = try Comparison(profile, native: .x86_64)
        let differences = comparison.differences(Comparison.argumentLists(for: profile, using: &generator, count: 5))
        #expect(differences.isEmpty, "\(differences.prefix(5)) and \(differences.count) in all")
    }

    @Test(arguments: RandomProfile.Kind.allCases.flatMap { kind in (0..<8).map { (kind, $0) } })
    func randomProfilesAnswerAsTheyAreWritten(kind: RandomProfile.Kind, seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let profile = RandomProfile.make(kind, using: &generator)
        let model = ReferenceModel(profile, native: .x86_64)
        let ours = try FilterInterpreter(SeccompCompiler.program(for: profile, native: .x86_64).instructions)
        let lists = Comparison.argumentLists(for: profile, using: &generator, count: 40)
        let numbers = Comparison.numbers(around: profile)
        for architecture in Comparison.architectures {
            for number in numbers {
                for arguments in lists {
                    let call = FilterInterpreter.Call(number: number, architecture: architecture, arguments: arguments)
                    let outcome = ours.run(call)
                    try #require(outcome.result == model.verdict(on: call), "\(call) under \(profile)")
                    if !outcome.sawArguments { break }
                }
            }
        }
    }

    @Test(arguments: RandomProfile.Kind.libraryIsRight.flatMap { kind in (0..<8).map { (kind, $0) } })
    func randomProfilesAnswerAsLibseccompDoes(kind: RandomProfile.Kind, seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let profile = RandomProfile.make(kind, using: &generator)
        let lists = Comparison.argumentLists(for: profile, using: &generator, count: 40)
        // Two rules that are alike and disagree are an error of the profile to libseccomp.
        guard var comparison = try Comparison(profile, native: .x86_64, refusing: EEXIST) else { return }
        let differences = comparison.differences(lists, numbers: Comparison.numbers(around: profile))
        #expect(differences.isEmpty, "\(differences.prefix(3)) and \(differences.count) in all: \(profile)")
    }
}
