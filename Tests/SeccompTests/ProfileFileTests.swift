import Glibc
import Linux
import OCI
import Testing

@testable import Seccomp

@Suite struct ProfileFileTests {
    private func file(_ json: String) throws -> ProfileFile {
        try ProfileFile(Array(json.utf8), file: "p.json")
    }

    private func names(
        _ json: String, capabilities: UInt64 = 0, kernel: KernelVersion = KernelVersion(6, 1),
        architecture: SeccompArchitecture = .x86_64
    ) throws -> [String] {
        let profile = try file(json).specification(
            capabilities: capabilities, kernel: kernel, architecture: architecture)
        return (profile?.syscalls ?? []).flatMap(\.names)
    }

    private func profile(_ rule: String) -> String {
        #"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",\#(rule)}]}"#
    }

    @Test func everyFieldArrives() throws {
        let json = """
            {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "flags": ["SECCOMP_FILTER_FLAG_LOG"],
             "listenerPath": "/run/s", "listenerMetadata": "m", "comment": "passed over",
             "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
                         {"architecture": "SCMP_ARCH_RISCV64", "subArchitectures": null}],
             "syscalls": [
               {"name": "read", "action": "SCMP_ACT_ALLOW", "args": null, "includes": {}, "excludes": null},
               {"names": ["socket", "bind"], "action": "SCMP_ACT_ERRNO", "errnoRet": 22, "comment": "why",
                "args": [{"index": 1, "value": 18446744073709551615, "valueTwo": 3, "op": "SCMP_CMP_MASKED_EQ"}]}]}
            """
        let read = try #require(try file(json).specification(capabilities: 0, architecture: .x86_64))
        var expected = RuntimeSpec.Seccomp(defaultAction: "SCMP_ACT_ERRNO")
        expected.defaultErrnoRet = 38
        expected.flags = ["SECCOMP_FILTER_FLAG_LOG"]
        expected.listenerPath = "/run/s"
        expected.listenerMetadata = "m"
        expected.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]
        expected.syscalls = [
            .init(names: ["read"], action: "SCMP_ACT_ALLOW"),
            .init(
                names: ["socket", "bind"], action: "SCMP_ACT_ERRNO", errnoRet: 22,
                args: [.init(index: 1, value: .max, valueTwo: 3, op: "SCMP_CMP_MASKED_EQ")]),
        ]
        #expect(read == expected)
        let riscv = try file(json).specification(capabilities: 0, architecture: .riscv64)
        #expect(riscv?.architectures == ["SCMP_ARCH_RISCV64"])
        let arm = try file(json).specification(capabilities: 0, architecture: .aarch64)
        #expect(arm?.architectures == [])
    }

    @Test func includesNeedAllOfTheirConditions() throws {
        let json = profile(
            #""includes":{"caps":["CAP_SYS_ADMIN","CAP_BPF"],"arches":["amd64","x32"],"minKernel":"4.8"}"#)
        let both: UInt64 = 1 << 21 | 1 << 39
        #expect(try names(json, capabilities: both) == ["read"])
        #expect(try names(json, capabilities: 1 << 21) == [])
        #expect(try names(json, capabilities: both, kernel: KernelVersion(4, 7)) == [])
        #expect(try names(json, capabilities: both, kernel: KernelVersion(4, 8)) == ["read"])
        #expect(try names(json, capabilities: both, architecture: .aarch64) == [])
    }

    @Test func excludesNeedOneOfTheirConditions() throws {
        let json = profile(#""excludes":{"caps":["CAP_SYS_ADMIN","CAP_BPF"],"arches":["s390x"],"minKernel":"5.0"}"#)
        let old = KernelVersion(4, 19)
        #expect(try names(json, kernel: old) == ["read"])
        #expect(try names(json, capabilities: 1 << 39, kernel: old) == [])
        #expect(try names(json, kernel: KernelVersion(5, 0)) == [])
        #expect(try names(profile(#""excludes":{"arches":["arm64"]}"#), architecture: .aarch64) == [])
    }

    @Test func aProfileWithoutActionAndRulesFiltersNothing() throws {
        #expect(try file("{}").specification(capabilities: 0) == nil)
    }

    @Test(arguments: [
        ("", "no valid JSON at line 1"), ("{", "no valid JSON at line 1"),
        (#"{"defaultAction": 3}"#, "defaultAction: is not a text"),
        (#"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": "EPERM"}"#, "defaultErrnoRet: is not a number"),
        (#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {}}"#, "syscalls: is not a list"),
        (#"{"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}"#, "defaultAction: is missing"),
        (#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"]}]}"#, "syscalls[0].action: is missing"),
        (
            #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_LOG"}]}"#,
            "syscalls[0].names: is missing"
        ),
        (
            #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "a", "names": ["b"], "action": "SCMP_ACT_LOG"}]}"#,
            "syscalls[0].name: cannot be given together with names"
        ),
        (
            #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "a", "action": "LOG"}]}"#,
            "syscalls[0].action: \"LOG\" is no action"
        ),
        (
            #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "a", "action": "SCMP_ACT_LOG", "args": [{"op": "="}]}]}"#,
            "syscalls[0].args[0].op: \"=\" is no operator"
        ),
        (
            #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "a", "action": "SCMP_ACT_LOG", "args": [{"value": -1, "op": "SCMP_CMP_EQ"}]}]}"#,
            "syscalls[0].args[0].value: is -1, which is not a whole number"
        ),
        (
            #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "a", "action": "SCMP_ACT_LOG", "includes": {"caps": ["SYS_ADMIN"]}}]}"#,
            "syscalls[0].includes.caps: \"SYS_ADMIN\" is no capability"
        ),
        (
            #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "a", "action": "SCMP_ACT_LOG", "excludes": {"minKernel": "new"}}]}"#,
            "syscalls[0].excludes.minKernel: \"new\" is no version like \"4.8\""
        ),
        (
            #"{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"], "archMap": [{"architecture": "SCMP_ARCH_X86"}]}"#,
            "archMap: cannot be given together with architectures"
        ),
    ])
    func errorsNameTheFileAndTheField(json: String, sentence: String) {
        do {
            _ = try file(json)
            Issue.record("no error for \(json)")
        } catch {
            #expect("\(error)".hasPrefix("seccomp profile p.json: \(sentence)"), "\(error)")
        }
    }

    private static let podmans = "/usr/share/containers/seccomp.json"

    @Test(
        .enabled(if: Files.exists(podmans), "\(podmans) of golang-github-containers-common is not installed"),
        arguments: [0, EquivalenceTests.dockersCapabilities, 0x1ff_ffff_ffff])
    func podmansProfileAnswersAsLibseccompDoes(capabilities: UInt64) throws {
        let file = try ProfileFile(Files.read(Self.podmans), file: Self.podmans)
        let profile = try #require(try file.specification(capabilities: capabilities, architecture: .x86_64))
        var generator = SeededGenerator(seed: capabilities)
        var comparison = try Comparison(profile, native: .x86_64)
        let differences = comparison.differences(
            Comparison.argumentLists(for: profile, using: &generator, count: 20))
        #expect(differences.isEmpty, "\(differences.prefix(5)) and \(differences.count) in all")
    }
}
