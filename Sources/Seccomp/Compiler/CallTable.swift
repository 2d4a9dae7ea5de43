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

extension ConditionalResult {
    /// Whether this rule is asked before `other` where both may hold and they say different things.
    ///
    /// The order is libseccomp's, not the profile's, so that a profile means here what it means there: conditions on
    /// higher arguments first; equality and inequality before upper bounds, those before lower bounds; the narrower
    /// bound first. Of two rules that begin alike the longer one comes first; libseccomp loses or refuses one of them.
    func precedes(_ other: ConditionalResult) -> Bool {
        for (one, two) in zip(conditions, other.conditions) where one != two {
            if one.argument != two.argument { return one.argument > two.argument }
            let (mine, its) = (one.comparison.rank, two.comparison.rank)
            if mine != its { return mine < its }
            if one.value != two.value { return (one.value < two.value) == (mine == 1) }
            return false
        }
        return conditions.count > other.conditions.count
    }
}

extension SeccompOperator {
    fileprivate var rank: Int {
        switch self {
        case .equal, .notEqual, .maskedEqual: 0
        case .less, .lessOrEqual: 1
        case .greater, .greaterOrEqual: 2
        }
    }
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
    /// Puts the rules of each call in the order in which they are asked.
    mutating func order() {
        for (number, verdict) in verdicts {
            guard case .conditional(let rules) = verdict, Set(rules.map(\.result)).count > 1 else { continue }
            // Of two rules that are alike the first of the profile counts, and `sort` keeps no order among equals.
            let ordered = rules.enumerated().sorted { one, two in
                if one.element.precedes(two.element) { return true }
                return !two.element.precedes(one.element) && one.offset < two.offset
            }
            verdicts[number] = .conditional(ordered.map(\.element))
        }
    }

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
