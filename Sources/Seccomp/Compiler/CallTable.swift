/// What one argument must be.
struct Condition: Hashable, Sendable {
    var argument: UInt32
    var comparison: SeccompOperator
    /// All ones but for `maskedEqual`.
    var mask: UInt64 = .max
    var value: UInt64
}

/// Conditions that must all hold, and what follows then.
struct ConditionalResult: Hashable, Sendable {
    var conditions: [Condition]
    var result: FilterResult
}

/// What happens to one system call.
enum Verdict: Hashable, Sendable {
    case result(FilterResult)
    /// The first of the results whose conditions hold, or the filter's default.
    case conditional([ConditionalResult])
}

/// The verdicts of a filter by number, for one architecture.
struct CallTable {
    private(set) var verdicts: [UInt32: Verdict] = [:]
    /// The numbers that the profile names at all, in whatever rule.
    var named: Set<UInt32> = []

    /// Adds a rule. As libseccomp has it, a rule without conditions replaces those with, and nothing replaces it.
    mutating func add(_ conditions: [Condition], _ result: FilterResult, to number: UInt32) {
        switch verdicts[number] {
        case .result: return
        case _ where conditions.isEmpty: verdicts[number] = .result(result)
        case .conditional(var others):
            others.append(ConditionalResult(conditions: conditions, result: result))
            verdicts[number] = .conditional(others)
        case nil:
            verdicts[number] = .conditional([ConditionalResult(conditions: conditions, result: result)])
        }
    }
}
