import Bytes
import Errors
package import GoTemplate

/// The `--format` of a command that lists things: a table, JSON lines, or a template for each line.
package struct ListFormat: Sendable {
    private let template: String
    private let isTable: Bool

    /// `format` is the flag's value, nil or empty for none; `table` the template of the standard table; `quiet` the
    /// template that `-q` stands for, nil where it was not given.
    package init(_ format: String?, table: String, quiet: String? = nil) {
        var text = format.flatMap { $0.isEmpty ? nil : $0 } ?? "table"
        if let quiet {
            text = quiet
        } else if text == "table" {
            text = "table " + table
        } else if text == "json" {
            text = "{{json .}}"
        }
        isTable = text.begins(with: "table")
        if isTable { text = String(text.dropping(5)) }
        template = Self.unescaped(text)
    }

    /// Whether the output names the field `name`: what is costly to find out is left out otherwise.
    package func uses(_ name: String) -> Bool { names(name) || template == "{{json .}}" }

    /// Whether the template has the field `name` by its name.
    package func names(_ name: String) -> Bool {
        template.split { !($0.isLetter || $0.isNumber || $0 == ".") }.contains { $0 == ".\(name)" }
    }

    /// The text for `records`. `headers` has the title of each field.
    /// Throws `TemplateError` in Docker's words for a template that cannot be parsed or executed.
    /// `words` are what its errors begin with.
    package func render(
        _ records: [TemplateRecord], headers: [(field: String, title: String)], words: Words = .others
    ) throws(TemplateError) -> String {
        var text = ""
        let template: Template
        do throws(TemplateError) { template = try Template(self.template) } catch {
            throw TemplateError("\(words.parsing): \(error.message)")
        }
        do throws(TemplateError) {
            if isTable {
                text = try template.execute(.record(Self.header(headers)), isHeader: true) + "\n"
            }
            for record in records { text += visible(try template.execute(.record(record))) + "\n" }
        } catch {
            throw TemplateError("\(words.executing): \(error.message)")
        }
        return isTable ? TabWriter().aligned(text) : text
    }

    // A table is for eyes; what a template asks for otherwise is for programs.
    private func visible(_ line: String) -> String {
        guard isTable else { return line }
        return VisibleText.escaped(line, keeping: template.utf8.contains(10) ? "\t\n" : "\t")
    }

    /// What the header line is made of. `.Label "org.example.k"` is a column called k.
    private static func header(_ headers: [(field: String, title: String)]) -> TemplateRecord {
        var record = TemplateRecord(
            "map[string]string", headers.map { ($0.field, .string($0.title)) },
            methods: [
                (
                    "Label",
                    { arguments throws(TemplateError) in
                        guard let name = arguments.first else {
                            throw TemplateError("not enough arguments for Label: want at least 1 got 0")
                        }
                        return .string(title(ofLabel: name.text))
                    }
                )
            ])
        record.missing = .null
        return record
    }

    // What stands behind the last dot, in words.
    private static func title(ofLabel name: String) -> String {
        let last = name.split(on: ".", omittingEmptySubsequences: false).last ?? ""
        let words = last.utf8.map { "-_".utf8.contains($0) ? 32 : $0 }
        return String(decoding: words, as: UTF8.self)
    }

    /// How Docker's commands put it: `ps` has words of its own.
    package enum Words: Sendable {
        case ofContainers, others

        var parsing: String { self == .others ? "template parsing error" : "failed to parse template" }
        var executing: String { self == .others ? "template parsing error" : "failed to execute template" }
    }

    /// The template without blanks around it, `\t` and `\n` standing for the characters.
    private static func unescaped(_ text: String) -> String {
        var rest = Substring(text)
        while rest.firstLetter == " " { rest = rest.dropping(1) }
        while rest.lastLetter == " " { rest = rest.droppingLast(1) }
        var result = ""
        while let character = rest.popLetter() {
            switch (character, rest.first) {
            case ("\\", "t"): result += "\t"
            case ("\\", "n"): result += "\n"
            default:
                result.unicodeScalars.append(character)
                continue
            }
            rest = rest.dropping(1)
        }
        return result
    }
}
