import OCI

/// A profile whose words are understood: what the compiler works on.
struct FilterSource {
    struct Rule {
        var names: [String]
        var result: FilterResult
        /// One list of conditions for each rule of the filter; one empty list for a rule without any.
        var alternatives: [[Condition]]
    }

    var defaultResult: FilterResult
    /// Whether a call newer than the profile fails with ENOSYS instead of meeting the default.
    var answersNewCalls: Bool
    var architectures: [SeccompArchitecture]
    var flags: UInt32
    var rules: [Rule]

    /// Understands `profile` for a kernel of architecture `native`.
    init(_ profile: RuntimeSpec.Seccomp, native: SeccompArchitecture) throws(SeccompError) {
        let place = "the default action"
        let action = try Self.action(profile.defaultAction, number: profile.defaultErrnoRet, place: place)
        // The process that hands the listener over would wait for an answer to that very call.
        if action == .notify { throw .notifyRefused(place: place) }
        defaultResult = action.result(number: profile.defaultErrnoRet)
        answersNewCalls = !action.letsCallsPass && defaultResult != .noSystemCall

        var named: Set<SeccompArchitecture> = [native]
        for name in profile.architectures ?? [] {
            guard let architecture = SeccompArchitecture(rawValue: name) else {
                throw .unknownWord(kind: "architecture", word: name, place: "the list of architectures")
            }
            named.insert(architecture)
        }
        architectures = native.family.filter(named.contains)

        rules = []
        var notifies = false
        for rule in profile.syscalls ?? [] {
            let place = "the rule for \(rule.names.first ?? "no call")"
            let action = try Self.action(rule.action, number: rule.errnoRet, place: place)
            if action == .notify {
                notifies = true
                // write(2) sends the listener to its supervisor.
                if rule.names.contains("write") { throw .notifyRefused(place: "the rule for write") }
            }
            rules.append(
                Rule(
                    names: rule.names, result: action.result(number: rule.errnoRet),
                    alternatives: try Self.alternatives(rule)))
        }
        flags = try Self.flags(profile.flags, notifies: notifies)
    }

    private static func action(
        _ word: String, number: UInt32?, place: String
    ) throws(SeccompError) -> SeccompAction {
        guard let action = SeccompAction(rawValue: word) else {
            throw .unknownWord(kind: "action", word: word, place: place)
        }
        if number != nil && !action.takesNumber { throw .numberNotTaken(action: word, place: place) }
        return action
    }

    private static func flags(_ names: [String]?, notifies: Bool) throws(SeccompError) -> UInt32 {
        // Without a list, runc leaves speculative store bypass to the program; an empty list asks for no flag.
        guard let names else {
            return SeccompFlag.speculationAllowed.bit | (notifies ? SeccompFlag.newListenerBit : 0)
        }
        var bits: UInt32 = notifies ? SeccompFlag.newListenerBit : 0
        for name in names {
            guard let flag = SeccompFlag(rawValue: name) else {
                throw .unknownWord(kind: "flag", word: name, place: "the list of flags")
            }
            if flag == .waitKillable && !notifies { throw .flagWithoutListener }
            bits |= flag.bit
        }
        return bits
    }

    private static func alternatives(_ rule: RuntimeSpec.Seccomp.Rule) throws(SeccompError) -> [[Condition]] {
        guard let arguments = rule.args, !arguments.isEmpty else { return [[]] }
        let call = rule.names.first ?? "no call"
        var conditions: [Condition] = []
        for argument in arguments {
            guard let comparison = SeccompOperator(rawValue: argument.op) else {
                throw .unknownWord(kind: "operator", word: argument.op, place: "the rule for \(call)")
            }
            guard argument.index < 6 else { throw .argumentIndex(argument.index, call: call) }
            var condition = Condition(argument: argument.index, comparison: comparison, value: argument.value)
            if comparison == .maskedEqual {
                condition.mask = argument.value
                condition.value = (argument.valueTwo ?? 0) & argument.value
            }
            conditions.append(condition)
        }
        // libseccomp takes one condition for an argument; runc, and so Docker, reads a rule with two of them as
        // one rule for each condition.
        let repeats = Set(conditions.map(\.argument)).count < conditions.count
        return repeats ? conditions.map { [$0] } : [conditions.sorted { $0.argument < $1.argument }]
    }
}
