import Linux
import OCI
import Runtime

/// The hooks of one moment (config.md, POSIX-platform Hooks), run one after the other where the caller is.
struct HookList {
    private let hooks: [RuntimeSpec.Hook]
    private let kind: String

    init(_ hooks: [RuntimeSpec.Hook]?, _ kind: String) {
        self.hooks = hooks ?? []
        self.kind = kind
    }

    /// Runs them up to the first that fails, and throws for that.
    func run(_ state: [UInt8], in bundle: String) throws(OCIError) {
        try reporting { try RuntimeSpec.run(hooks, kind, input: state, directory: Self.directory(bundle)) }
    }

    /// Runs all of them and tells of those that fail.
    func runAll(_ state: [UInt8], in bundle: String, _ log: RuntimeLog) {
        for hook in hooks {
            do throws(OCIError) { try HookList([hook], kind).run(state, in: bundle) } catch {
                log.write(.warning, error.description)
            }
        }
    }

    // A bundle may be gone when its container is removed.
    private static func directory(_ bundle: String) -> String { Files.exists(bundle) ? bundle : "/" }
}
