import Build
import Bytes
import Dockerfile
import Errors
import Glibc
import Linux
import Synchronization

// Until the module BuildDisplay is here: the same names, and lines alone. Whoever brings the module removes this file and imports that where
// these names are used.

/// How a build is shown.
enum ProgressMode: String, Sendable {
    case auto, plain, tty, quiet, rawjson

    /// What the flag, `--quiet` and the variable BUILDKIT_PROGRESS say. Throws `OptionError` for a name that is none.
    init(flag: String?, isQuiet: Bool, environment: (String) -> String?) throws(OptionError) {
        let name = flag ?? environment("BUILDKIT_PROGRESS") ?? ""
        guard let mode = ProgressMode(rawValue: name.isEmpty ? "auto" : name == "none" ? "quiet" : name) else {
            throw .usage("invalid progress mode \(name.excerpt)")
        }
        if mode == .rawjson { throw .refused("--progress=rawjson", "builds are shown by lines") }
        self = isQuiet ? .quiet : mode
    }
}

/// Shows a build line by line.
final class BuildDisplay: Sendable {
    private let mode: ProgressMode
    private let descriptor: CInt
    private let warnings = Mutex<[LintWarning]>([])

    /// A display in `mode` on `descriptor`, which is borrowed. Throws nothing yet.
    init(mode: ProgressMode, to descriptor: CInt) throws(EngineError) {
        self.mode = mode
        self.descriptor = descriptor
    }

    /// Shows `event`.
    func show(_ event: BuildEvent) {
        if case .warning(let warning) = event { warnings.withLock { $0.append(warning) } }
        guard mode != .quiet else { return }
        switch event {
        case .added(let step): write("#\(step.number + 1) \(step.name)")
        case .ended(let number, _, .done): write("#\(number + 1) DONE")
        case .ended(let number, _, .cached): write("#\(number + 1) CACHED")
        case .ended(let number, _, .cancelled): write("#\(number + 1) CANCELED")
        case .ended(let number, _, .failed(let why)): write("#\(number + 1) ERROR: \(why)")
        case .output(let number, _, let bytes, _):
            for line in String(decoding: bytes, as: UTF8.self).split(on: "\n") { write("#\(number + 1) \(line)") }
        case .started, .part, .warning: break
        }
    }

    /// Shows how it ended.
    func finish(error: BuildError?) {
        if let error {
            if let excerpt = error.excerpt { write("\(excerpt.text)", ends: false) }
            let message = error.kind == .cancelled ? "Canceled: \(error.message)" : error.message
            return write("ERROR: failed to build: failed to solve: \(message)")
        }
        guard mode != .quiet else { return }
        for warning in warnings.withLock({ $0 }) {
            write(" - \(warning.rule.name): \(warning.message) (line \(warning.lines.first))")
        }
    }

    private func write(_ text: String, ends: Bool = true) {
        let visible = VisibleText.escaped(text, keeping: "\t\n") + (ends ? "\n" : "")
        var rest = Array(visible.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // Nobody can be told that the stream of explanations is closed.
            guard count > 0 || Errno.current == .interrupted else { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
