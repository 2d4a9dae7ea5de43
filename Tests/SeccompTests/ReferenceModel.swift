import OCI

@testable import Seccomp

/// What a profile says about a call, read off its rules one after another: slow, and too short to be wrong in the way
/// that a compiler is.
struct ReferenceModel {
    private struct Rule {
        let conditions: [RuntimeSpec.Seccomp.Argument]
        let result: UInt32

        var ordered: ConditionalResult {
            let list = conditions.sorted { $0.index < $1.index }.map { argument in
                let comparison = SeccompOperator(rawValue: argument.op)!
                let value = comparison == .maskedEqual ? (argument.valueTwo ?? 0) & argument.value : argument.value
                let mask = comparison == .maskedEqual ? argument.value : .max
                return Condition(argument: argument.index, comparison: comparison, mask: mask, value: value)
            }
            return ConditionalResult(conditions: list, result: .allow)
        }
    }

    private let fallback: UInt32
    private let answersNewCalls: Bool
    private let wanted: [SeccompArchitecture]
    /// By architecture and number.
    private var rules: [SeccompArchitecture: [UInt32: [Rule]]] = [:]
    private var highest: [SeccompArchitecture: UInt32] = [:]

    init(_ profile: RuntimeSpec.Seccomp, native: SeccompArchitecture) {
        let action = SeccompAction(rawValue: profile.defaultAction)!
        fallback = action.result(number: profile.defaultErrnoRet).rawValue
        answersNewCalls = ![.allow, .log, .trace].contains(action)
        wanted = native.family.filter {
            $0 == native || profile.architectures?.contains($0.rawValue) == true
        }
        for rule in profile.syscalls ?? [] {
            let result = SeccompAction(rawValue: rule.action)!.result(number: rule.errnoRet).rawValue
            for name in rule.names {
                for architecture in wanted {
                    add(rule, result, name, architecture)
                }
            }
        }
    }

    private mutating func add(
        _ rule: RuntimeSpec.Seccomp.Rule, _ result: UInt32, _ name: String, _ architecture: SeccompArchitecture
    ) {
        guard let entry = SyscallTable.entry(name, on: architecture) else { return }
        if let number = entry.number { highest[architecture] = max(highest[architecture] ?? 0, number) }
        if result == fallback { return }
        let all = rule.args ?? []
        let repeats = Set(all.map(\.index)).count < all.count
        for conditions in repeats ? all.map({ [$0] }) : [all] {
            if let number = entry.number {
                rules[architecture, default: [:]][number, default: []].append(
                    Rule(conditions: conditions, result: result))
            }
            if let shared = entry.multiplexed {
                let selector = RuntimeSpec.Seccomp.Argument(index: 0, value: UInt64(shared.selector), op: "SCMP_CMP_EQ")
                rules[architecture, default: [:]][shared.number, default: []].append(
                    Rule(conditions: [selector] + conditions.filter { $0.index != 0 }, result: result))
            }
        }
    }

    /// What a filter has to return.
    func verdict(on call: FilterInterpreter.Call) -> UInt32 {
        var candidates = wanted.filter { $0.auditValue == call.architecture }
        if call.architecture == SeccompArchitecture.x86_64.auditValue && wanted.contains(.x86_64) {
            let isX32 = call.number >= 0x4000_0000
            if isX32 && !wanted.contains(.x32) { return call.number == .max ? fallback : 0 }
            candidates = [isX32 ? .x32 : .x86_64]
        }
        guard let architecture = candidates.first else { return 0 }
        if answersNewCalls, let highest = highest[architecture], call.number > highest { return 0x5_0026 }
        let rules = rules[architecture]?[call.number] ?? []
        if let rule = rules.first(where: { $0.conditions.isEmpty }) { return rule.result }
        let matching = rules.filter { rule in
            rule.conditions.allSatisfy { holds($0, call.arguments, wide: architecture.isWide) }
        }
        // The one that no other precedes.
        let first = matching.first { rule in !matching.contains { $0.ordered.precedes(rule.ordered) } }
        return first?.result ?? fallback
    }

    private func holds(_ condition: RuntimeSpec.Seccomp.Argument, _ arguments: [UInt64], wide: Bool) -> Bool {
        let bits: UInt64 = wide ? .max : 0xffff_ffff
        let argument = arguments[Int(condition.index)] & bits
        let value = condition.value & bits
        switch condition.op {
        case "SCMP_CMP_NE": return argument != value
        case "SCMP_CMP_LT": return argument < value
        case "SCMP_CMP_LE": return argument <= value
        case "SCMP_CMP_EQ": return argument == value
        case "SCMP_CMP_GE": return argument >= value
        case "SCMP_CMP_GT": return argument > value
        default: return argument & value == (condition.valueTwo ?? 0) & value
        }
    }
}
