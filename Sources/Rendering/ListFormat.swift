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
        let bytes = Array(template.utf8)
        let wanted = Array(name.utf8)
        // Words of letters, digits and dots; beyond ASCII all bytes are taken for letters.
        func isInWord(_ place: Int) -> Bool {
            guard bytes.indices.contains(place) else { return false }
            switch bytes[place] {
            case UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), 0x80...:
                return true
            default: return false
            }
        }
        for place in bytes.indices where bytes[place] == UInt8(ascii: ".") && !isInWord(place - 1) {
            let end = place + 1 + wanted.count
            if end <= bytes.count, bytes[(place + 1)..<end].elementsEqual(wanted), !isInWord(end) { return true }
        }
        return false
    }

    /// The text for `records`. `headers` has the title of each field.
    /// Throws `TemplateError` in Docker's words for a template that cannot be parsed or executed.
    /// `words` are what its errors begin with.
    package func render(
        _ records: [TemplateRecord], headers: [(field: String, title: String)], words: Words = .others
    ) throws(TemplateError) -> String {
        if let text = renderFields(records, headers) { return isTable ? TabWriter().aligned(text) : text }
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

    // Nil where the template is more than fields, or one of them is no text.
    private func renderFields(
        _ records: [TemplateRecord], _ headers: [(field: String, title: String)]
    ) -> String? {
        guard let template = FieldTemplate(template) else { return nil }
        var text = ""
        if isTable {
            guard let line = template.execute(Self.header(headers)) else { return nil }
            text = line + "\n"
        }
        for record in records {
            guard let line = template.execute(record) else { return nil }
            text += visible(line)
            text += "\n"
        }
        return text
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
        var bytes = Array(text.utf8)[...]
        while bytes.first == 32 { bytes.removeFirst() }
        while bytes.last == 32 { bytes.removeLast() }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var place = bytes.startIndex
        while place < bytes.endIndex {
            if bytes[place] == UInt8(ascii: "\\"), place + 1 < bytes.endIndex {
                let letter = bytes[place + 1]
                if letter == UInt8(ascii: "t") || letter == UInt8(ascii: "n") {
                    result.append(letter == UInt8(ascii: "t") ? 9 : 10)
                    place += 2
                    continue
                }
            }
            result.append(bytes[place])
            place += 1
        }
        return String(decoding: result, as: UTF8.self)
    }
}
