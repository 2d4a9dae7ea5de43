import Bytes

/// A manual page in the language of man(7), made from a command's syntax.
package struct ManualPage: Sendable {
    /// The full name of the command ("apus container ls").
    package var path: String
    package var syntax: CommandSyntax
    /// All full names where there are several.
    package var names: [String] = []
    /// Commands below this one, with their summaries.
    package var commands: [(name: String, summary: String)] = []
    /// The program's version.
    package var version: String

    package init(
        path: String, syntax: CommandSyntax, names: [String] = [], commands: [(name: String, summary: String)] = [],
        version: String
    ) {
        self.path = path
        self.syntax = syntax
        self.names = names
        self.commands = commands
        self.version = version
    }

    /// The page's name, and that of its file without ".1".
    package var name: String { path.split(on: " ").joined(separator: "-") }

    /// The page's text.
    package var text: String {
        var page = ".TH \(quoted(name.uppercased())) 1 \"\" \(quoted("apus \(version)")) \"User Commands\"\n"
        page += ".SH NAME\n\(escaped(name)) \\- \(escaped(syntax.summary))\n.SH SYNOPSIS\n"
        for line in syntax.usage.isEmpty ? [""] : syntax.usage {
            page += ".B \(escaped(path))\n\(escaped(line))\n.br\n"
        }
        page += ".SH DESCRIPTION\n" + paragraphs(syntax.description ?? syntax.summary + ".")
        if names.count > 1 { page += ".PP\nOther names: \(escaped(names.joined(separator: ", "))).\n" }
        if !commands.isEmpty {
            page += ".SH COMMANDS\n"
            for command in commands { page += ".TP\n.B \(escaped(command.name))\n\(line(command.summary))\n" }
        }
        let shown = syntax.flags.filter { !$0.isHidden && $0.refused == nil }.sorted { $0.name < $1.name }
        if !shown.isEmpty { page += ".SH OPTIONS\n" + shown.map(entry).joined() }
        let refused = syntax.flags.filter { $0.refused != nil }.sorted { $0.name < $1.name }
        if !refused.isEmpty {
            page += ".SH REFUSED OPTIONS\nDocker has these, and using one is an error here:\n"
            for flag in refused { page += ".TP\n.B \(escaped("--" + flag.name))\n\(line(flag.refused ?? ""))\n" }
        }
        return page
    }

    private func entry(_ flag: Flag) -> String {
        var head = flag.shorthand.map { "\\fB\(escaped("-\($0)"))\\fR, " } ?? ""
        head += "\\fB\(escaped("--" + flag.name))\\fR"
        if !flag.placeholder.isEmpty { head += "=\\fI\(escaped(flag.placeholder))\\fR" }
        var body = paragraphs(flag.help)
        if let value = flag.defaultValue { body += ".br\nThe default is \(escaped(value)).\n" }
        return ".TP\n\(head)\n\(body)"
    }

    /// The lines of a text, each on its own.
    private func paragraphs(_ text: String) -> String {
        text.split(on: "\n", omittingEmptySubsequences: false).map { line(String($0)) }
            .joined(separator: "\n.br\n") + "\n"
    }

    /// A line that begins with a dot or an apostrophe would be a request.
    private func line(_ text: String) -> String {
        (text.begins(with: ".") || text.begins(with: "'") ? "\\&" : "") + escaped(text)
    }

    private func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "\\": "\\e"
            case "-": "\\-"
            default: String(character)
            }
        }.joined()
    }

    private func quoted(_ text: String) -> String { "\"" + escaped(text).filter { $0 != "\"" } + "\"" }
}
