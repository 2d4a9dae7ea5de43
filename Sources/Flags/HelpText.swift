import Bytes

extension CommandSyntax {
    /// The text of `--help` in Docker's layout. `path` is the command's full name ("apus container ls");
    /// `aliases` are all its full names when there are several; `width` is the terminal's, in columns.
    package func helpText(path: String, aliases: [String] = [], width: Int = 80) -> String {
        var text = usageLines(path: path, usage: usage)
        text += "\n\(description ?? summary)\n"
        if aliases.count > 1 { text += "\nAliases:\n  " + aliases.joined(separator: ", ") + "\n" }
        let table = FlagTable(flags: flags, width: width - 1).text
        if !table.isEmpty { text += "\nOptions:\n" + table }
        return text
    }
}

/// The aligned list of a command's flags, laid out as pflag does it: names on the left, wrapped help on the right.
package struct FlagTable {
    private let rows: [(left: String, help: String)]
    private let width: Int

    /// `width` is the number of columns that a line may have; hidden and refused flags are left out.
    package init(flags: [Flag], width: Int) {
        self.width = width
        let shown = flags.filter { !$0.isHidden && $0.refused == nil }.sorted { $0.name < $1.name }
        self.rows = shown.map { flag in
            var left = flag.shorthand.map { "  -\($0), --\(flag.name)" } ?? "      --\(flag.name)"
            if !flag.placeholder.isEmpty { left += " \(flag.placeholder)" }
            if let implied = flag.impliedValue, flag.kind != .bool { left += "[=\"\(implied)\"]" }
            var help = flag.help
            if let value = flag.defaultValue {
                switch flag.kind {
                case .string: help += " (default \"\(value)\")"
                case .list, .commaList, .filter: help += " (default [\(value)])"
                default: help += " (default \(value))"
                }
            }
            return (left, help)
        }
    }

    /// All rows, each ending with a line feed; empty without flags to show.
    package var text: String {
        let indent = (rows.map(\.left.count).max() ?? 0) + 3
        var text = ""
        for row in rows {
            text += row.left + String(repeating: " ", count: indent - row.left.count)
            text += Self.wrapped(row.help, indent: indent, width: width)
            text += "\n"
        }
        return text
    }

    /// Breaks `text` at blanks so that no line passes `width`, later lines indented. The last five columns are
    /// only used by a rest that then fits whole: no line ends up with a single short word.
    static func wrapped(_ text: String, indent: Int, width: Int) -> String {
        let slack = 5
        var indent = indent
        var lines: [Substring] = []
        if width - indent < 24 {
            // Too narrow beside the names: below them, then.
            indent = 16
            lines.append("")
        }
        let room = width - indent - slack
        var rest = Substring(text)
        while true {
            guard room > 0, rest.count >= room + slack else { break }
            let line = rest.prefix(room)
            guard let blank = line.lastIndex(where: { $0 == " " || $0 == "\t" || $0 == "\n" }), blank > line.startIndex
            else { break }
            // A line feed in the text comes first: what stands before it is a line of its own.
            let end = line.lastPlace(of: "\n").flatMap { $0 > line.startIndex ? $0 : nil } ?? blank
            lines.append(rest[..<end])
            rest = rest.behind(end)
        }
        lines.append(rest)
        let margin = "\n" + String(repeating: " ", count: indent)
        return lines.map { $0.split(on: "\n", omittingEmptySubsequences: false).joined(separator: margin) }
            .joined(separator: margin)
    }
}

/// A list of commands with their summaries, as help texts show it.
package struct CommandList {
    /// Name and summary of each command, in the order to show.
    package var entries: [(name: String, summary: String)]

    package init(_ entries: [(name: String, summary: String)]) { self.entries = entries }

    /// The rows, each ending with a line feed. The names' column is at least eleven wide.
    package var text: String {
        let column = max(11, entries.map(\.name.count).max() ?? 0) + 1
        return entries.map { entry in
            "  \(entry.name)" + String(repeating: " ", count: column - entry.name.count) + entry.summary + "\n"
        }.joined()
    }
}
