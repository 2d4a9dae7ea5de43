import OCI
import Testing

@testable import Seccomp

@Suite struct SeccompCompilerTests {
    private func verdict(
        _ profile: RuntimeSpec.Seccomp, _ name: String, _ arguments: [UInt64] = [],
        on architecture: SeccompArchitecture = .x86_64
    ) throws -> UInt32 {
        let program = try SeccompCompiler.program(for: profile, native: .x86_64)
        let number = try #require(SyscallTable.entry(name, on: architecture)?.number)
        let padded = arguments + [UInt64](repeating: 0, count: 6 - arguments.count)
        let call = FilterInterpreter.Call(number: number, architecture: architecture.auditValue, arguments: padded)
        return try FilterInterpreter(program.instructions).run(call).result
    }

    @Test func eachActionHasItsValue() throws {
        let values: [SeccompAction: UInt32] = [
            .kill: 0, .killThread: 0, .killProcess: 0x8000_0000, .trap: 0x3_0000, .errno: 0x5_0007, .trace: 0x7ff0_0007,
            .allow: 0x7fff_0000, .log: 0x7ffc_0000, .notify: 0x7fc0_0000,
        ]
        for action in SeccompAction.allCases {
            var profile = EquivalenceTests.empty(.errno)
            let errno: UInt32? = action.takesNumber ? 7 : nil
            profile.syscalls = [.init(names: ["read"], action: action.rawValue, errnoRet: errno)]
            #expect(try verdict(profile, "read") == values[action])
        }
    }

    @Test func anErrnoThatIsNotGivenIsEPERM() throws {
        var profile = EquivalenceTests.empty(.allow)
        profile.syscalls = [.init(names: ["read"], action: "SCMP_ACT_ERRNO")]
        #expect(try verdict(profile, "read") == 0x5_0001)
    }

    @Test func twoConditionsOnOneArgumentAreTwoRules() throws {
        var profile = EquivalenceTests.empty(.errno)
        profile.syscalls = [
            .init(
                names: ["socket"], action: "SCMP_ACT_ALLOW",
                args: [.init(index: 0, value: 1, op: "SCMP_CMP_EQ"), .init(index: 0, value: 2, op: "SCMP_CMP_EQ")])
        ]
        #expect(try verdict(profile, "socket", [1]) == 0x7fff_0000)
        #expect(try verdict(profile, "socket", [2]) == 0x7fff_0000)
        #expect(try verdict(profile, "socket", [3]) == 0x5_0001)
    }

    @Test func anExceptionCountsWhereverItStands() throws {
        var profile = EquivalenceTests.empty(.errno)
        profile.syscalls = [
            .init(
                names: ["personality"], action: "SCMP_ACT_ALLOW", args: [.init(index: 0, value: 10, op: "SCMP_CMP_LT")]),
            .init(
                names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 22,
                args: [.init(index: 0, value: 8, op: "SCMP_CMP_EQ")]),
        ]
        #expect(try verdict(profile, "personality", [7]) == 0x7fff_0000)
        #expect(try verdict(profile, "personality", [8]) == 0x5_0016)
    }

    @Test func boundsBeyond32BitsCombine() throws {
        // libseccomp 2.5.4 lets 5 pass here.
        var profile = EquivalenceTests.empty(.errno)
        profile.syscalls = [
            .init(names: ["lseek"], action: "SCMP_ACT_ALLOW", args: [.init(index: 1, value: 5, op: "SCMP_CMP_LT")]),
            .init(
                names: ["lseek"], action: "SCMP_ACT_ALLOW",
                args: [.init(index: 1, value: 0x1_0000_0005, op: "SCMP_CMP_GE")]),
        ]
        for (value, isAllowed) in [(4, true), (5, false), (0x1_0000_0004, false), (0x1_0000_0005, true)] {
            #expect(try verdict(profile, "lseek", [0, UInt64(value)]) == (isAllowed ? 0x7fff_0000 : 0x5_0001))
        }
    }

    @Test func unknownCallsAreReportedAndPassedOver() throws {
        var profile = EquivalenceTests.empty(.errno)
        profile.syscalls = [.init(names: ["read", "no_such_call", "chown32", "frobnicate"], action: "SCMP_ACT_ALLOW")]
        #expect(try SeccompCompiler.program(for: profile).ignoredCalls == ["frobnicate", "no_such_call"])
    }

    @Test func flagsBecomeBits() throws {
        var profile = EquivalenceTests.empty(.allow)
        #expect(try SeccompCompiler.program(for: profile).flags == 4)
        profile.flags = []
        #expect(try SeccompCompiler.program(for: profile).flags == 0)
        profile.flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"]
        #expect(try SeccompCompiler.program(for: profile).flags == 2)
        profile.syscalls = [.init(names: ["mount"], action: "SCMP_ACT_NOTIFY")]
        let program = try SeccompCompiler.program(for: profile)
        #expect(program.flags == 2 | 8)
        #expect(program.needsListener)
    }

    @Test func wordsThatTheSpecificationLacksAreErrors() throws {
        func error(_ change: (inout RuntimeSpec.Seccomp) -> Void) -> String {
            var profile = EquivalenceTests.empty(.allow)
            profile.syscalls = [.init(names: ["read"], action: "SCMP_ACT_LOG")]
            change(&profile)
            do {
                _ = try SeccompCompiler.program(for: profile)
                return "no error"
            } catch { return "\(error)" }
        }
        #expect(
            error { $0.defaultAction = "ALLOW" } == "the default action names the unknown seccomp action \"ALLOW\"")
        #expect(
            error { $0.syscalls?[0].action = "DENY" } == "the rule for read names the unknown seccomp action \"DENY\"")
        #expect(
            error { $0.architectures = ["amd64"] }
                == "the list of architectures names the unknown seccomp architecture \"amd64\"")
        #expect(error { $0.flags = ["X"] } == "the list of flags names the unknown seccomp flag \"X\"")
        #expect(
            error { $0.syscalls?[0].args = [.init(index: 0, value: 0, op: "==")] }
                == "the rule for read names the unknown seccomp operator \"==\"")
        #expect(
            error { $0.syscalls?[0].args = [.init(index: 6, value: 0, op: "SCMP_CMP_EQ")] }
                == "the seccomp rule for read compares argument 6, but system calls have arguments 0 to 5")
        #expect(
            error { $0.syscalls?[0].errnoRet = 1 }
                == "the rule for read gives an errno to SCMP_ACT_LOG, which takes none")
        #expect(
            error { $0.syscalls?[0] = .init(names: ["write"], action: "SCMP_ACT_NOTIFY") }
                == "the rule for write cannot be SCMP_ACT_NOTIFY: the container would wait for its own listener for ever"
        )
        #expect(
            error { $0.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"] }
                == "the seccomp flag SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs a rule with SCMP_ACT_NOTIFY")
    }

    @Test func aProfileBeyondTheKernelsLimitIsAnError() throws {
        var profile = EquivalenceTests.empty(.errno)
        profile.syscalls = (0..<2000).map { value in
            .init(
                names: ["socket"], action: "SCMP_ACT_ALLOW",
                args: [.init(index: 0, value: value * 7, op: "SCMP_CMP_EQ")])
        }
        #expect(throws: SeccompError.self) { try SeccompCompiler.program(for: profile) }
    }

    @Test func aCallThatNobodyHasCannotBeRefused() {
        #expect(throws: SeccompError.unknownCall("clone4")) { try RefusalFilter.program(["clone4": 38]) }
    }
}
