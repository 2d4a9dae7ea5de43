package import Build
package import Errors
import Glibc
import Linux
import Synchronization

/// Shows a build while it runs, and what came of it: make one, give `show` to the builder, and call `finish` when it has returned.
///
/// A thread of its own writes, at most every 100 ms: a terminal that is slow misses pictures, never lines that stay, and a
/// reader that goes away is not told any more.
package final class BuildDisplay: Sendable {
    private let mode: ProgressMode
    private let sink: DisplaySink
    private let colors: BuildColors?
    private let expandsWarnings: Bool
    private let warnings = Mutex<[FoundWarning]>([])
    /// nil: nothing is shown while it runs.
    private let writer: DisplayWriter?
    private let call: PendingCall<Void>?

    /// A display in `mode` on `descriptor`, the standard error stream, which is borrowed until `finish` has returned. `environment`
    /// gives the values of NO_COLOR, BUILDKIT_COLORS and BUILDKIT_TTY_LOG_LINES; `expandsWarnings`: each warning comes with its rule and the
    /// lines that it is about (`--debug`). Throws `EngineError` where `mode` needs a terminal and there is none, and where
    /// there can be no thread.
    package init(
        mode: ProgressMode, to descriptor: CInt, expandsWarnings: Bool = false,
        environment: (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) throws(EngineError) {
        let isTerminal = Terminal.isTerminal(descriptor)
        self.mode = try mode.resolved(isTerminal: isTerminal)
        self.expandsWarnings = expandsWarnings
        sink = DisplaySink(descriptor: descriptor)
        colors = isTerminal ? BuildColors(environment) : nil
        guard let view = Self.view(self.mode, colors ?? BuildColors(), environment) else {
            (writer, call) = (nil, nil)
            return
        }
        let writer = DisplayWriter(view, on: sink)
        self.writer = writer
        if self.mode == .tty, let complaints = colors?.complaints, !complaints.isEmpty {
            _ = sink.write(Array(complaints.map { "WARNING: \(SpokenText.line($0))\n" }.joined().utf8))
        }
        do throws(SystemError) {
            // Not this object, which the thread would keep where nobody calls `finish`.
            call = try begin { writer.run() }
        } catch {
            throw EngineError("cannot start the thread that shows the build: \(error)")
        }
    }

    deinit { writer?.end([]) }

    /// Shows `event`. Any thread may call it; the events of one build come one after the other. It waits only where a reader is
    /// some MiB of text behind.
    package func show(_ event: BuildEvent) {
        if case .warning(let warning, let excerpt) = event {
            warnings.withLock { $0.append(FoundWarning(warning: warning, excerpt: excerpt)) }
        }
        writer?.note(event)
    }

    /// Shows how the build ended, once: what failed, with the end of its output and the lines of the Dockerfile, or the warnings. When it
    /// returns all is written.
    package func finish(error: BuildError?) {
        var report = ""
        if let error {
            report = ErrorReport.text(error)
        } else if mode == .plain || mode == .tty {
            report = WarningReport.text(warnings.withLock { $0 }, isExpanded: expandsWarnings, colors: colors)
        }
        guard let writer, let call else {
            _ = sink.write(Array(report.utf8))
            return
        }
        writer.end(Array(report.utf8))
        // Its closure throws nothing.
        do { try call.wait() } catch {}
    }

    private static func view(
        _ mode: ProgressMode, _ colors: BuildColors, _ environment: (String) -> String?
    ) -> (any ProgressView)? {
        switch mode {
        case .auto, .plain: return PlainView()
        case .tty:
            let lines = environment("BUILDKIT_TTY_LOG_LINES").flatMap { Int($0) } ?? 0
            return TerminalView(colors: colors, wantedLines: lines > 0 ? min(lines, 1000) : 6)
        case .rawjson: return RawJSONView()
        case .quiet: return nil
        }
    }
}
