import Bytes

/// Holds a Dockerfile against the rules.
package struct Linter {
    /// What is known of an image that a stage is based on.
    package struct Base: Sendable {
        /// Its variables, "NAME=value".
        package var environment: [String]
        /// Whether it has a working directory other than "/".
        package var hasWorkdir: Bool
        /// Whether it has a shell of its own.
        package var hasShell: Bool

        /// Of an image that has these; without arguments of "scratch", or an image of which nothing is known.
        package init(environment: [String] = [], hasWorkdir: Bool = false, hasShell: Bool = false) {
            self.environment = environment
            self.hasWorkdir = hasWorkdir
            self.hasShell = hasShell
        }
    }

    let file: Dockerfile
    let arguments: BuildArguments
    let ignore: IgnoreMatcher?
    private let base: (String) -> Base
    private var found: [LintWarning] = []

    /// `arguments` are those of the build, `ignore` its context's `.dockerignore`, and `base` what is known of an image by its name.
    package init(
        _ file: Dockerfile, _ arguments: BuildArguments = BuildArguments(), ignore: IgnoreMatcher? = nil,
        base: @escaping (String) -> Base = { _ in Base() }
    ) {
        self.file = file
        self.arguments = arguments
        self.ignore = ignore
        self.base = base
    }

    /// Checks all stages, whatever is built.
    package func run() -> LintReport {
        var linter = self
        var failure: DockerfileError?
        linter.checkSource()
        do throws(DockerfileError) { try linter.checkStages() } catch { failure = error }
        let check = file.directives.check
        let warnings = linter.found.filter { Self.isReported($0.rule, check) }
        // The order in which they were found stays among those of one line.
        let sorted = warnings.enumerated().sorted {
            ($0.element.lines.first, $0.offset) < ($1.element.lines.first, $1.offset)
        }
        return LintReport(warnings: sorted.map(\.element), failure: failure, isError: check.isError)
    }

    private static func isReported(_ rule: LintRule, _ check: CheckDirective) -> Bool {
        if check.skipsAll || check.skipped.has(rule.name) { return false }
        return !rule.isExperimental || check.hasAllExperimental || check.experimental.has(rule.name)
    }

    mutating func warn(_ rule: LintRule, _ message: String, _ lines: LineRange) {
        found.append(LintWarning(rule, message, lines))
    }

    private mutating func checkStages() throws(DockerfileError) {
        let scope = try GlobalScope(file, arguments)
        checkDefaults()
        for stage in file.stages { try checkFrom(stage, scope) }
        let graph = try StageGraph(file, scope)
        var ends: [StageWalk] = []
        for stage in file.stages {
            let origin = graph.needs[stage.index].first?.origin ?? .scratch
            var walk =
                switch origin {
                case .stage(let number): StageWalk(after: ends[number])
                case .scratch: StageWalk(Base(), scope, escape: file.directives.escape)
                case .named(let name): StageWalk(base(name), scope, escape: file.directives.escape)
                }
            // What was found in front of a mistake is reported, too.
            do throws(DockerfileError) {
                for instruction in stage.instructions { try check(instruction, &walk) }
            } catch {
                throw error
            }
            ends.append(walk)
        }
    }
}

/// Where the check of a stage is.
struct StageWalk {
    var scope: StageScope
    var hasWorkdir: Bool
    var hasShell: Bool
    /// The last instruction of those that count once, by keyword.
    var last: [String: LineRange] = [:]

    init(_ base: Linter.Base, _ global: GlobalScope, escape: UInt8) {
        scope = StageScope(environment: base.environment, global, escape: escape)
        hasWorkdir = base.hasWorkdir
        hasShell = base.hasShell
    }

    init(after base: StageWalk) {
        scope = StageScope(after: base.scope)
        hasWorkdir = base.hasWorkdir
        hasShell = base.hasShell
    }
}
