import Glibc
import OCI
import Testing

@testable import Cgroups

/// What the program for a list of rules answers, by an interpreter of its few instructions, against a plain reading of
/// the list.
@Suite struct DeviceProgramTests {
    private typealias Rule = RuntimeSpec.Resources.DeviceRule

    private struct Access {
        var type: UInt32
        var bits: UInt32
        var major: UInt32
        var minor: UInt32
    }

    private func verdict(_ program: DeviceProgram, _ access: Access) throws -> Bool {
        var registers = [UInt64](repeating: 0, count: 11)
        let context = [access.bits << 16 | access.type, access.major, access.minor]
        var place = 0
        for _ in 0...program.instructions.count {
            let instruction = program.instructions[place]
            let target = Int(instruction.target)
            let immediate = UInt64(bitPattern: Int64(instruction.immediate))
            place += 1
            switch instruction.code {
            case 0x61: registers[target] = UInt64(context[Int(instruction.offset) / 4])
            case 0xb7: registers[target] = immediate
            case 0xbf: registers[target] = registers[Int(instruction.source)]
            case 0x57: registers[target] &= immediate
            case 0x77: registers[target] >>= immediate
            case 0x55: if registers[target] != immediate { place += Int(instruction.offset) }
            case 0x15: if registers[target] == immediate { place += Int(instruction.offset) }
            case 0x95: return registers[0] != 0
            default: Issue.record("instruction \(instruction)")
            }
        }
        Issue.record("the program does not end")
        return false
    }

    // For each kind of access by itself the last rule that matches decides.
    private func expected(_ rules: [Rule], _ access: Access) -> Bool {
        let kinds: [(UInt32, Character)] = [(1, "m"), (2, "r"), (4, "w")]
        return kinds.allSatisfy { bit, letter in
            guard access.bits & bit != 0 else { return true }
            let last = rules.last { rule in
                (rule.type == nil || rule.type == "a" || rule.type == (access.type == 1 ? "b" : "c"))
                    && (rule.major == nil || rule.major == Int64(access.major))
                    && (rule.minor == nil || rule.minor == Int64(access.minor))
                    && (rule.access ?? "rwm").contains(letter)
            }
            return last?.allow ?? false
        }
    }

    @Test func theProgramAnswersAsTheListReads() throws {
        var generator = SystemRandomNumberGenerator()
        let accesses = ["r", "w", "m", "rw", "rm", "wm", "rwm", nil]
        for _ in 0..<300 {
            let rules = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                Rule(
                    allow: Bool.random(using: &generator), type: ["a", "b", "c", nil].randomElement()!,
                    major: [nil, 1, 2].randomElement()!, minor: [nil, 3, 4].randomElement()!,
                    access: accesses.randomElement()!)
            }
            let program = try DeviceProgram(rules)
            for type in [UInt32(1), 2] {
                for bits in UInt32(1)...7 {
                    for (major, minor) in [(UInt32(1), UInt32(3)), (1, 4), (2, 3), (9, 9)] {
                        let access = Access(type: type, bits: bits, major: major, minor: minor)
                        #expect(try verdict(program, access) == expected(rules, access), "\(rules) \(access)")
                    }
                }
            }
        }
    }

    @Test func nothingFollowsARuleForEverything() throws {
        let program = try DeviceProgram([
            .init(allow: true, type: "c", major: 1, minor: 3, access: "rwm"), .init(allow: false, access: "rwm"),
        ])
        // The kernel's verifier refuses instructions that cannot be reached.
        #expect(program.instructions.last?.code == 0x95 && program.instructions.count == 8)
    }

    @Test func rulesThatAreNoneAreRefused() {
        #expect(throws: CgroupError.self) { try DeviceProgram([.init(allow: true, type: "x", access: "r")]) }
        #expect(throws: CgroupError.self) { try DeviceProgram([.init(allow: true, type: "c", access: "z")]) }
        #expect(throws: CgroupError.self) { try DeviceProgram([.init(allow: true, major: 1 << 40, access: "r")]) }
    }

    /// Rules that an earlier start could have a program for are not passed over, as the container has the capability that they tame.
    @Test(.enabled(if: geteuid() != 0, "root may load programs"))
    func aProgramThatIsNeededIsNotPassedOver() throws {
        let rules: [Rule] = [.init(allow: false, access: "rwm")]
        let program = try DeviceProgram(rules)
        #expect(try Cgroup.load(program, rules) == nil)
        #expect(throws: CgroupError.self) { _ = try Cgroup.load(program, nil) }
    }

    @Test func aUserNamespaceEnforcesAListWithoutSingleKindsOfAccess() {
        let usual: [Rule] = [
            .init(allow: false, access: "rwm"), .init(allow: true, type: "c", access: "m"),
            .init(allow: true, type: "c", major: 1, minor: 3, access: "rwm"),
        ]
        #expect(Cgroup.isEnforcedWithoutProgram(usual))
        #expect(!Cgroup.isEnforcedWithoutProgram(usual + [.init(allow: true, type: "b", major: 8, access: "r")]))
    }
}
