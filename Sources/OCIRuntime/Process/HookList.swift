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
        for hook in hooks { try run(hook, state, bundle) }
    }

    /// Runs all of them and tells of those that fail.
    func runAll(_ state: [UInt8], in bundle: String, _ log: RuntimeLog) {
        for hook in hooks {
            do throws(OCIError) { try run(hook, state, bundle) } catch { log.write(.warning, error.description) }
        }
    }

    private func run(_ hook: RuntimeSpec.Hook, _ state: [UInt8], _ bundle: String) throws(OCIError) {
        // A bundle may be gone when its container is removed.
        let directory = Files.exists(bundle) ? bundle : "/"
        try reporting(kind) { try hook.run(input: state, directory: directory) }
    }
}
