package import OCI

/// Compiles profiles of the runtime specification to programs for seccomp(2).
///
/// What a program answers is what runc answers with libseccomp: a call of an architecture that the profile does not
/// name kills the thread; a call that no rule names meets the default action; a call whose number is above all that
/// the profile names fails with ENOSYS, so that C libraries fall back, unless the default lets calls pass. How it
/// answers differs: one search tree over ranges of numbers for each architecture, instead of a list.
package enum SeccompCompiler {
    /// Compiles `profile` for a kernel of architecture `native`. Throws `SeccompError` for a word that the
    /// specification does not have, and for a profile too long for the kernel.
    package static func program(
        for profile: RuntimeSpec.Seccomp, native: SeccompArchitecture = .native
    ) throws(SeccompError) -> SeccompProgram {
        let source = try FilterSource(profile, native: native)
        var unknown: [String: Int] = [:]
        var sections: [Section] = []
        for architecture in source.architectures {
            let table = table(of: source, for: architecture, unknown: &unknown)
            let section = Section(architecture: architecture, ranges: ranges(table, source, architecture))
            // x32 is told from x86-64 by the number alone, so both share one tree.
            if architecture == .x32, let index = sections.firstIndex(where: { $0.architecture == .x86_64 }) {
                sections[index].ranges += section.ranges
            } else {
                sections.append(section)
            }
        }
        var writer = FilterWriter(defaultResult: source.defaultResult)
        let instructions = writer.write(sections)
        // BPF_MAXINSNS (linux/bpf_common.h).
        guard instructions.count / 8 <= 4096 else { throw .tooLong(instructions: instructions.count / 8) }
        let ignored = unknown.filter { $0.value == source.architectures.count }.keys.sorted()
        return SeccompProgram(instructions: instructions, flags: source.flags, ignoredCalls: ignored)
    }

    /// The verdicts of `source` on one architecture. Counts in `unknown` the names that nobody knows.
    private static func table(
        of source: FilterSource, for architecture: SeccompArchitecture, unknown: inout [String: Int]
    ) -> CallTable {
        var table = CallTable()
        var missed: Set<String> = []
        for rule in source.rules {
            for name in rule.names {
                guard let entry = SyscallTable.entry(name, on: architecture) else {
                    missed.insert(name)
                    continue
                }
                if let number = entry.number { table.named.insert(number) }
                // libseccomp refuses a rule that says what the default says, and runc leaves it out.
                if rule.result == source.defaultResult { continue }
                for conditions in rule.alternatives {
                    if let number = entry.number { table.add(conditions, rule.result, to: number) }
                    if let multiplexed = entry.multiplexed {
                        table.add(
                            conditions.selecting(multiplexed.selector), rule.result, to: multiplexed.number)
                    }
                }
            }
        }
        for name in missed { unknown[name, default: 0] += 1 }
        table.order()
        return table
    }

    /// The table as ranges that cover all numbers of the architecture.
    private static func ranges(
        _ table: CallTable, _ source: FilterSource, _ architecture: SeccompArchitecture
    ) -> [NumberRange] {
        let x32 = source.architectures.contains(.x32)
        let first: UInt32 = architecture == .x32 ? SeccompArchitecture.x32Bit : 0
        var ranges = [NumberRange(first: first, verdict: .result(source.defaultResult))]
        func append(_ first: UInt32, _ verdict: Verdict) {
            if ranges.last!.first == first { ranges.removeLast() }
            if ranges.last?.verdict != verdict { ranges.append(NumberRange(first: first, verdict: verdict)) }
        }
        let calls = table.verdicts.sorted { $0.key < $1.key }
        // ARM's private calls are far above the others, so what is new is looked for below them and above them.
        let privates = architecture == .arm ? SeccompArchitecture.armPrivateCalls : .max
        for (lower, upper) in [(0, privates), (privates, UInt32.max)] where lower < upper {
            if lower > 0 { append(lower, .result(source.defaultResult)) }
            for (number, verdict) in calls where number >= lower && number < upper {
                append(number, verdict)
                append(number + 1, .result(source.defaultResult))
            }
            if source.answersNewCalls, let highest = table.named.filter({ $0 >= lower && $0 < upper }).max() {
                append(highest + 1, .result(.noSystemCall))
            }
        }
        if architecture == .x86_64 && !x32 {
            // What libseccomp does with calls of x32 where only x86-64 is named. -1 is no call of x32: it is the
            // number of a call that a tracer skipped.
            append(SeccompArchitecture.x32Bit, .result(.killThread))
            append(.max, .result(source.defaultResult))
        }
        return ranges
    }
}

extension [Condition] {
    /// The conditions for a call made through `socketcall` or `ipc`: the first argument selects the call, and takes
    /// the place of a condition on it, as in libseccomp.
    fileprivate func selecting(_ selector: UInt32) -> [Condition] {
        [Condition(argument: 0, comparison: .equal, value: UInt64(selector))] + filter { $0.argument != 0 }
    }
}
