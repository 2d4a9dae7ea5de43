import Bytes
package import Errors

/// How a build is shown: the values of `--progress` and of `BUILDKIT_PROGRESS`.
package enum ProgressMode: String, CaseIterable, Sendable {
    /// As `tty` on a terminal, else as `plain`.
    case auto
    /// Lines that stay, with all that programs write.
    case plain
    /// A picture that changes in place.
    case tty
    /// Nothing but errors.
    case quiet
    /// One JSON object a line, as BuildKit's client writes them.
    case rawjson

    /// The mode called `text`: one of the names, "" for `auto`, "none" for `quiet`. Throws `OptionError` for any other.
    package init(named text: String) throws(OptionError) {
        if let mode = Self.allCases.first(where: { text.isSame(as: $0.rawValue) }) {
            self = mode
        } else if text.isEmpty {
            self = .auto
        } else if text.isSame(as: "none") {
            self = .quiet
        } else {
            throw OptionError.usage("invalid progress mode \(text.excerpt)")
        }
    }

    /// What is asked for by `--progress` (nil: it was not given), `--quiet` and the environment, in this order of weight: quiet, the flag, the
    /// variable `BUILDKIT_PROGRESS`. Throws `OptionError` for a name that is none.
    package init(flag: String?, isQuiet: Bool, environment: (String) -> String?) throws(OptionError) {
        let named = try ProgressMode(named: flag ?? environment("BUILDKIT_PROGRESS") ?? "")
        self = isQuiet ? .quiet : named
    }

    /// The mode itself, or the one that `auto` stands for. Throws `EngineError` where `tty` is asked for and there is no terminal.
    func resolved(isTerminal: Bool) throws(EngineError) -> ProgressMode {
        switch self {
        case .auto: return isTerminal ? .tty : .plain
        case .tty where !isTerminal:
            throw EngineError(
                "--progress=tty needs a terminal, and the standard error stream is none: use --progress=plain", .invalid
            )
        default: return self
        }
    }
}
