import Build
import Bytes
import Engine
import Errors
import Flags
import Rendering

extension Verb {
    static let builderPrune = Verb(
        id: "builder prune",
        syntax: CommandSyntax(
            summary: "Remove what the cache of builds keeps", usage: ["[OPTIONS]"],
            flags: [
                Flag("all", "a", .bool, "Remove all of it, also what images and the builder itself use of it"),
                CacheFilters.builder,
                Flag("filter", nil, .filter, "Remove only what satisfies the condition (until=24h, type=regular)"),
                Flag("force", "f", .bool, "Do not ask"),
                Flag(
                    "keep-storage", nil, .bytes, "Bytes of the cache that stay",
                    deprecated: "keep-storage flag has been changed to reserved-space"),
                Flag("max-used-space", nil, .bytes, "Bytes that the cache may keep at most"),
                Flag("min-free-space", nil, .bytes, "Bytes of the disk that are to be free afterwards"),
                Flag("reserved-space", nil, .bytes, "Bytes of the cache that stay"),
                Flag("verbose", nil, .bool, "Print all that is known of what goes"),
            ],
            arguments: .none)
    ) { parsed, context in
        try CacheFilters.checkBuilder(parsed, context)
        var prune = BuildCachePrune()
        prune.all = parsed.bool("all")
        try CacheFilters.read(parsed, &prune)
        func size(_ name: String) -> Int64? { parsed.bytes(name).flatMap { $0 > 0 ? $0 : nil } }
        prune.reservedSpace = size("reserved-space") ?? size("keep-storage")
        prune.maxUsedSpace = size("max-used-space")
        prune.minFreeSpace = size("min-free-space")
        let warning = "WARNING! This will remove all \(prune.all ? "" : "dangling ")build cache."
        guard try parsed.bool("force") || Prompt.isYes(warning, context, separator: " ") else { return 0 }
        let outcome = try context.engine().pruneBuildCache(prune)
        if parsed.bool("verbose") {
            for record in outcome.removed { try context.output.write(BuildCacheRow.details(record)) }
        } else {
            try context.output.write(BuildCacheRow.removed(outcome.removed))
        }
        try context.output.line("Total:\t\(HumanSize.decimal(outcome.reclaimed))")
        try context.output.flush()
        for problem in outcome.problems { context.complain(problem) }
        return outcome.problems.isEmpty ? 0 : 1
    }
}

/// What `builder prune` and `builder du` have in common.
enum CacheFilters {
    static let builder = Flag("builder", nil, .string, "Whose cache it is (only \"default\")")

    /// Throws for another builder than the one that is there.
    static func checkBuilder(_ parsed: ParsedArguments, _ context: Context) throws {
        let name = parsed.isSet("builder") ? parsed.string("builder") ?? "" : Run.variable("BUILDX_BUILDER") ?? ""
        guard name.isEmpty || name == "default" else { throw unknown(name) }
    }

    /// What is said of a builder that is not there.
    static func unknown(_ name: String) -> CommandFailure {
        CommandFailure("no builder \(goQuoted(name)) found: apus builds by itself, and calls that \"default\"")
    }

    /// Reads `--filter`. Throws for conditions that cannot be.
    static func read(_ parsed: ParsedArguments, _ prune: inout BuildCachePrune) throws {
        for filter in parsed.list("filter") {
            guard let (key, value) = try FlagValue.filter(filter) else { continue }
            guard key == "until" || key == "unused-for" else {
                prune.filters.append(try BuildCacheFilter(key: key, value: value))
                continue
            }
            let span: Int64
            do throws(FlagValue.Invalid) { span = try FlagValue.duration(value) } catch {
                throw CommandFailure("\"\(key)\" filter expects a duration (e.g., '24h'): \(error.reason)")
            }
            guard prune.unusedFor == nil else { throw CommandFailure("more than one \(key) filter specified") }
            prune.unusedFor = span
        }
    }
}
