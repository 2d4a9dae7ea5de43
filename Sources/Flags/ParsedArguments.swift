import Bytes

/// A command line that has been taken apart and whose values have been checked against their kinds.
package struct ParsedArguments: Sendable {
    /// One use of a flag.
    package struct Occurrence: Sendable, Equatable {
        /// The flag's index in the command's flags.
        let flag: Int
        /// The value, or the implied one ("true" for a boolean without `=`).
        package let value: String
    }

    let flags: [Flag]
    /// Every use of a flag, in the order of the command line.
    package private(set) var occurrences: [Occurrence] = []
    /// The arguments that belong to no flag.
    package internal(set) var positionals: [String] = []
    /// How many positionals stood before a `--`; nil without one.
    package internal(set) var positionalsBeforeDash: Int?
    /// Whether help was asked for: nothing else counts then.
    package internal(set) var isHelpRequested = false
    /// Sentences for standard error: flags that are going away.
    package internal(set) var warnings: [String] = []

    init(flags: [Flag]) { self.flags = flags }

    mutating func record(_ flag: Int, _ value: String) { occurrences.append(Occurrence(flag: flag, value: value)) }

    private func index(_ name: String) -> Int {
        let length = name.utf8.count
        for index in flags.indices where flags[index].name.utf8.count == length && flags[index].name == name {
            return index
        }
        // A name that the command does not declare is a mistake in our source, never in the user's input.
        fatalError("flag --\(name) is not declared")
    }

    private func last(_ index: Int) -> String? {
        for occurrence in occurrences.reversed() where occurrence.flag == index { return occurrence.value }
        return nil
    }

    /// The flag that was used.
    package func flag(of occurrence: Occurrence) -> Flag { flags[occurrence.flag] }

    /// Whether the flag was given, whatever its value.
    package func isSet(_ name: String) -> Bool { last(index(name)) != nil }

    /// The last value given, else the default; nil where there is neither.
    package func string(_ name: String) -> String? {
        let index = index(name)
        return last(index) ?? flags[index].defaultValue
    }

    /// Whether a boolean flag is true: the last word counts, then the default.
    package func bool(_ name: String) -> Bool {
        guard let text = string(name) else { return false }
        return goBool(text) ?? false
    }

    /// All values of a repeatable flag in their order; the default when none was given.
    package func list(_ name: String) -> [String] {
        let index = index(name)
        var values: [String] = []
        for occurrence in occurrences where occurrence.flag == index {
            if flags[index].kind == .commaList {
                values += FlagValue.commaSeparated(occurrence.value)
            } else {
                values.append(occurrence.value)
            }
        }
        if values.isEmpty, let standard = flags[index].defaultValue { return [standard] }
        return values
    }

    /// The number of an `int`, `uint` or `uint16` flag; nil when it was not given and has no default.
    package func int(_ name: String) -> Int64? { string(name).flatMap { try? FlagValue.int($0) } }

    /// The number of bytes of a `bytes` flag, -1 meaning "unlimited"; nil when it was not given.
    package func bytes(_ name: String) -> Int64? {
        string(name).flatMap { $0 == "-1" ? -1 : try? FlagValue.bytes($0) }
    }

    /// The nanoseconds of a `duration` flag; nil when it was not given.
    package func nanoseconds(_ name: String) -> Int64? { string(name).flatMap { try? FlagValue.duration($0) } }

    /// The billionths of a `decimal` flag (`--cpus 1.5` is 1,500,000,000); nil when it was not given.
    package func billionths(_ name: String) -> Int64? { string(name).flatMap { try? FlagValue.billionths($0) } }

    /// Every use of the named flags with its value, in the order of the command line.
    package func uses(of names: [String]) -> [(name: String, value: String)] {
        occurrences.compactMap { use in
            let name = flags[use.flag].name
            return names.contains(name) ? (name, use.value) : nil
        }
    }
}
