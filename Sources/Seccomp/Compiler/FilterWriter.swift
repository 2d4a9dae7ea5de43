/// System calls from a number on, up to the next range's, that share a verdict.
struct NumberRange {
    var first: UInt32
    var verdict: Verdict
}

/// The calls of one architecture, from number 0 on, in ascending order.
struct Section {
    var architecture: SeccompArchitecture
    var ranges: [NumberRange]
}

/// Turns ranges of calls into instructions.
struct FilterWriter {
    let defaultResult: FilterResult
    private var assembler = Assembler()
    private var isWide = true

    init(defaultResult: FilterResult) { self.defaultResult = defaultResult }

    /// Offsets in `struct seccomp_data` (linux/seccomp.h).
    private enum Offset {
        static let number: UInt32 = 0
        static let architecture: UInt32 = 4
        static func argument(_ index: UInt32, high: Bool) -> UInt32 { 16 + index * 8 + (high ? 4 : 0) }
    }

    /// The whole program: chooses by architecture, then by number, then by arguments.
    mutating func write(_ sections: [Section]) -> [UInt8] {
        var entries: [(audit: UInt32, start: Assembler.Label)] = []
        for section in sections.reversed() {
            let numbers = tree(section.ranges[...], wide: section.architecture.isWide)
            entries.append((section.architecture.auditValue, assembler.load(Offset.number, next: numbers)))
        }
        // The machine's own architecture comes first in the list and is written last, so it is asked for first.
        var next = Assembler.Target.result(.killThread)
        for entry in entries {
            next = .label(assembler.jump(.equal, entry.audit, yes: .label(entry.start), no: next))
        }
        _ = assembler.load(Offset.architecture, next: next)
        return assembler.bytes
    }

    /// A balanced tree of comparisons with the number, which is in the accumulator.
    private mutating func tree(_ ranges: ArraySlice<NumberRange>, wide: Bool) -> Assembler.Target {
        let first = ranges.startIndex
        if ranges.count == 1 { return target(of: ranges[first], wide: wide) }
        if ranges.count == 3, ranges[first].verdict == ranges[first + 2].verdict,
            ranges[first + 2].first - ranges[first + 1].first == 1
        {
            // One number that differs from those around it.
            let inner = target(of: ranges[first + 1], wide: wide)
            let outer = target(of: ranges[first], wide: wide)
            return .label(assembler.jump(.equal, ranges[first + 1].first, yes: inner, no: outer))
        }
        let middle = first + (ranges.count + 1) / 2
        let above = tree(ranges[middle...], wide: wide)
        let below = tree(ranges[..<middle], wide: wide)
        return .label(assembler.jump(.greaterOrEqual, ranges[middle].first, yes: above, no: below))
    }

    private mutating func target(of range: NumberRange, wide: Bool) -> Assembler.Target {
        switch range.verdict {
        case .result(let result): return .result(result)
        case .conditional(let rules):
            // On 32-bit architectures the kernel leaves the upper halves zero, and x32 may leave anything there.
            isWide = wide && range.first & SeccompArchitecture.x32Bit == 0
            return chain(rules).target
        }
    }
}

extension FilterWriter {
    /// Code that begins with a load. Who has the word already jumps behind the load.
    private struct Entry {
        var target: Assembler.Target
        var word: UInt32?
        var behindLoad: Assembler.Label?

        func target(knowing accumulator: UInt32?) -> Assembler.Target {
            if let behindLoad, word == accumulator { .label(behindLoad) } else { target }
        }
    }

    /// The first rule whose conditions hold decides.
    private mutating func chain(_ rules: [ConditionalResult]) -> Entry {
        var next = Entry(target: .result(defaultResult))
        for rule in rules.reversed() {
            var entry = Entry(target: .result(rule.result))
            for condition in rule.conditions.reversed() { entry = test(condition, yes: entry, no: next) }
            next = entry
        }
        return next
    }

    private mutating func test(_ condition: Condition, yes: Entry, no: Entry) -> Entry {
        switch condition.comparison {
        case .equal, .maskedEqual: equal(condition, yes: yes, no: no)
        case .notEqual: equal(condition, yes: no, no: yes)
        case .greater: above(condition, .greater, yes: yes, no: no)
        case .greaterOrEqual: above(condition, .greaterOrEqual, yes: yes, no: no)
        case .less: above(condition, .greaterOrEqual, yes: no, no: yes)
        case .lessOrEqual: above(condition, .greater, yes: no, no: yes)
        }
    }

    private mutating func equal(_ condition: Condition, yes: Entry, no: Entry) -> Entry {
        let low = compare(condition, high: false, .equal, yes: yes, no: no)
        return isWide ? compare(condition, high: true, .equal, yes: low, no: no) : low
    }

    private mutating func above(_ condition: Condition, _ order: Assembler.Test, yes: Entry, no: Entry) -> Entry {
        let low = compare(condition, high: false, order, yes: yes, no: no)
        guard isWide else { return low }
        let tie = compare(condition, high: true, .equal, yes: low, no: no)
        return compare(condition, high: true, .greater, yes: yes, no: tie)
    }

    private mutating func compare(
        _ condition: Condition, high: Bool, _ order: Assembler.Test, yes: Entry, no: Entry
    ) -> Entry {
        let word = Offset.argument(condition.argument, high: high)
        let mask = UInt32(truncatingIfNeeded: high ? condition.mask >> 32 : condition.mask)
        let value = UInt32(truncatingIfNeeded: high ? condition.value >> 32 : condition.value)
        if mask == 0 { return yes }
        let known = mask == .max ? word : nil
        var label = assembler.jump(order, value, yes: yes.target(knowing: known), no: no.target(knowing: known))
        if mask != .max { label = assembler.and(mask, next: .label(label)) }
        let start = assembler.load(word, next: .label(label))
        return Entry(target: .label(start), word: word, behindLoad: label)
    }
}
