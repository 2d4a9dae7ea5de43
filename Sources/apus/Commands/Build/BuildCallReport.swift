import Build
import Dockerfile
import JSON
import Linux

/// What `--call=…,format=json` prints, under BuildKit's names.
enum BuildCallReport {
    /// `--check`: the warnings, the file, and why the check ended early or the build would fail.
    static func check(_ checked: CheckedDockerfile, _ failure: DockerfileError?) -> JSONTree {
        let warnings = checked.report.warnings.map { warning -> JSONTree in
            .record([
                ("ruleName", .string(warning.rule.name)), ("description", .string(warning.rule.description)),
                ("url", .string(warning.rule.url)), ("detail", .string(warning.message)),
                ("location", location(warning.lines)),
            ])
        }
        let source: [(String, JSONTree?)] = [
            ("filename", .string(checked.name)), ("data", .string(Base64.encoded(checked.source.bytes))),
            ("language", .string("Dockerfile")),
        ]
        return .record([
            ("warnings", warnings.isEmpty ? .null : .array(warnings)), ("sources", .array([.record(source)])),
            ("buildError", failure.map { error($0.description, $0.lines.first) }),
        ])
    }

    /// `--check` of a file that cannot be read.
    static func failure(_ message: String, _ lines: LineRange?) -> JSONTree {
        .record([("warnings", .null), ("sources", .null), ("buildError", error(message, lines))])
    }

    /// `--call=targets`.
    static func targets(_ targets: [DockerfileTarget], _ checked: CheckedDockerfile) -> JSONTree {
        let list = targets.map { target -> JSONTree in
            .record([
                ("name", target.name.map { .string($0) }), ("default", target.isDefault ? .bool(true) : nil),
                ("description", target.description.map { .string($0) }), ("base", .string(target.base)),
                ("location", location(target.lines)),
            ])
        }
        return .record([("targets", .array(list)), ("sources", sources(checked))])
    }

    /// `--call=outline`.
    static func outline(_ outline: DockerfileOutline, _ checked: CheckedDockerfile) -> JSONTree {
        let arguments = outline.arguments.map { argument -> JSONTree in
            .record([
                ("name", .string(argument.name)), ("description", argument.description.map { .string($0) }),
                ("value", argument.value.map { .string($0) }), ("location", location(argument.lines)),
            ])
        }
        return .record([
            ("name", outline.name.map { .string($0) }), ("description", outline.description.map { .string($0) }),
            ("args", list(arguments)), ("secrets", list(outline.secrets.map(mount))),
            ("ssh", list(outline.agents.map(mount))), ("sources", sources(checked)),
        ])
    }

    private static func mount(_ mount: DockerfileOutline.Mount) -> JSONTree {
        .record([
            ("name", .string(mount.id)), ("required", mount.isRequired ? .bool(true) : nil),
            ("location", location(mount.lines)),
        ])
    }

    private static func list(_ members: [JSONTree]) -> JSONTree? { members.isEmpty ? nil : .array(members) }

    private static func sources(_ checked: CheckedDockerfile) -> JSONTree {
        .array([.string(Base64.encoded(checked.source.bytes))])
    }

    private static func error(_ message: String, _ lines: LineRange?) -> JSONTree {
        .record([("message", .string(message)), ("location", lines.map { location($0) })])
    }

    private static func location(_ lines: LineRange) -> JSONTree {
        func place(_ line: Int) -> JSONTree { .record([("line", .integer(line))]) }
        return .record([("ranges", .array([.record([("start", place(lines.first)), ("end", place(lines.last))])]))])
    }
}
