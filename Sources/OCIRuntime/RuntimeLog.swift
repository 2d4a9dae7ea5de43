import Errors
import Glibc
import JSON
import Linux
import OCI

/// Messages in the form of logrus, which containerd, conmon and podman read: in a file where `--log` names one, and on
/// standard error.
package struct RuntimeLog: Sendable {
    /// How bad it is.
    package enum Level: String, Sendable { case debug, warning, error }

    private let file: String?
    private let format: RuntimeOptions.LogFormat
    private let debugs: Bool

    package init(_ options: RuntimeOptions) {
        file = options.log
        format = options.logFormat
        debugs = options.debug
    }

    /// Writes one message. A log file that cannot be written is no reason to fail: standard error has the message.
    package func write(_ level: Level, _ message: String) {
        if level == .debug, !debugs { return }
        let line = Self.line(level, message, format, .now())
        if let file {
            // It may be a pipe that its reader has left.
            if let log = try? FileDescriptor.open(file, O_WRONLY | O_APPEND | O_CREAT, mode: 0o644) {
                try? log.writeAll((line + "\n").utf8)
            }
            // Not less than errors: during a creation, standard error is the container's.
            if level == .error { Self.say("apus-oci: \(message)") }
        } else {
            Self.say(format == .json ? line : level == .error ? "apus-oci: \(message)" : line)
        }
    }

    // One line. A caller that reads it gets the very bytes; a terminal would obey what a configuration, a file's name or a
    // program's output has in it.
    private static func say(_ text: String) {
        let line = isatty(STDERR_FILENO) == 1 ? VisibleText.escaped(text) : text
        let bytes = Array((line + "\n").utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    static func line(
        _ level: Level, _ message: String, _ format: RuntimeOptions.LogFormat, _ time: Timestamp
    ) -> String {
        let moment = time.rfc3339
        switch format {
        case .json:
            return JSONTree.record([
                ("level", .string(level.rawValue)), ("msg", .string(message)), ("time", .string(moment)),
            ]).text()
        case .text:
            return "time=\"\(moment)\" level=\(level.rawValue) msg=\(JSONTree.string(message).text())"
        }
    }
}
