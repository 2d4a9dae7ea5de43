import Glibc
import Linux
import OCI
import Testing

@testable import Seccomp

/// Our programs in the kernel: a C program loads them and executes another below them.
@Suite(.enabled(if: Helpers.haveCompiler, "there is no cc to compile Tests/Support/seccomp-exec.c with"))
struct KernelTests {
    private let helpers: Helpers

    init() throws { helpers = try Helpers() }

    private static let dockersCapabilities = EquivalenceTests.dockersCapabilities

    private func filter(_ program: SeccompProgram) throws -> String {
        let path = "\(helpers.directory.path)/\(randomHex(bytes: 4)).bpf"
        try Files.write(program.instructions, to: path)
        return path
    }

    private func defaultFilter(_ capabilities: UInt64 = dockersCapabilities) throws -> String {
        try filter(SeccompCompiler.program(for: DefaultProfile.specification(capabilities: capabilities)))
    }

    private func number(_ name: String) throws -> String {
        String(try #require(SyscallTable.entry(name, on: .native)?.number))
    }

    @Test func ordinaryProgramsRunUnderTheDefaultProfile() throws {
        let script = "cd /tmp && echo a b | tr ' ' '\\n' | sort -r | head -n 1; ls / > /dev/null"
        let outcome = try helpers.run([helpers.executor, try defaultFilter(), "/bin/sh", "-c", script])
        #expect(outcome.output == "b\n")
        #expect(outcome.code == 0)
    }

    /// EPERM is 1, ENOSYS 38.
    @Test(arguments: [
        ("keyctl", [], "1"), ("mount", [], "1"), ("unshare", ["0x10000000"], "1"), ("bpf", [], "1"),
        ("userfaultfd", [], "1"), ("io_uring_setup", [], "1"), ("swapon", [], "1"), ("init_module", [], "1"),
        ("personality", ["0x40000"], "1"), ("personality", ["0xffffffff"], "ok"), ("socket", ["40", "1", "0"], "1"),
        ("socket", ["1", "1", "0"], "ok"), ("clone", ["0x10000011"], "1"), ("clone3", [], "38"), ("getpid", [], "ok"),
    ])
    func theKernelAnswersAsTheDefaultProfileSays(name: String, arguments: [String], answer: String) throws {
        let outcome = try helpers.run(
            [helpers.executor, try defaultFilter(), helpers.caller, try number(name)] + arguments)
        #expect(outcome.output == "\(answer)\n", "\(name) \(arguments)")
    }

    @Test func aCallNewerThanTheProfileIsMissing() throws {
        let outcome = try helpers.run([helpers.executor, try defaultFilter(), helpers.caller, "9999"])
        #expect(outcome.output == "38\n")
    }

    @Test func systemAdministrationBringsNamespacesBack() throws {
        let path = try defaultFilter(Self.dockersCapabilities | 1 << 21)
        // EINVAL and EFAULT: the kernel itself answers.
        #expect(try helpers.run([helpers.executor, path, helpers.caller, try number("clone3")]).output == "22\n")
        #expect(try helpers.run([helpers.executor, path, helpers.caller, try number("mount")]).output == "14\n")
    }

    @Test func refusedCallsFailWithTheirErrnoAndNothingElseDoes() throws {
        let path = try filter(RefusalFilter.program(["openat2": 38, "close_range": 38, "statfs": 13]))
        for (name, answer) in [("openat2", "38"), ("close_range", "38"), ("statfs", "13"), ("getpid", "ok")] {
            let outcome = try helpers.run([helpers.executor, path, helpers.caller, try number(name)])
            #expect(outcome.output == "\(answer)\n", "\(name)")
        }
        #expect(try helpers.run([helpers.executor, path, "/bin/echo", "x"]).output == "x\n")
    }

    @Test func aKillingProfileKills() throws {
        var profile = EquivalenceTests.empty(.allow)
        profile.syscalls = [.init(names: ["getppid"], action: "SCMP_ACT_KILL_PROCESS")]
        let path = try filter(SeccompCompiler.program(for: profile))
        let outcome = try helpers.run([helpers.executor, path, helpers.caller, try number("getppid")])
        #expect(outcome.code == 128 + SIGSYS)
    }
}
