package import GoTemplate

/// The `--format` of `inspect`: an indented JSON array, JSON, or a template for each object.
package struct InspectFormat: Sendable {
    private enum Kind: Sendable {
        case indented, json
        case template(Template)
    }

    private let kind: Kind

    /// `format` is the flag's value, nil or empty for none. Throws `TemplateError` in Docker's words for a template that
    /// cannot be parsed.
    package init(_ format: String?) throws(TemplateError) {
        switch format {
        case nil, "": kind = .indented
        case "json": kind = .json
        case .some(let source):
            do throws(TemplateError) { kind = .template(try Template(source)) } catch {
                throw TemplateError("template parsing error: \(error.message)")
            }
        }
    }

    /// Whether each object makes a text of its own (`text(of:)`), and not all of them a document (`document(_:)`).
    package var isTemplate: Bool { if case .template = kind { true } else { false } }

    /// The JSON of all `objects`.
    package func document(_ objects: [TemplateValue]) -> String {
        if case .json = kind { return TemplateValue.list(objects).json + "\n" }
        return (objects.isEmpty ? "[]" : TemplateValue.list(objects).json(indent: 4)) + "\n"
    }

    /// What the template makes of `object`, with a line feed. Throws `TemplateError` in Docker's words where it cannot be
    /// executed on it.
    package func text(of object: TemplateValue) throws(TemplateError) -> String {
        guard case .template(let template) = kind else { return document([object]) }
        do throws(TemplateError) { return try template.execute(object, missingKey: .error) + "\n" } catch {
            throw TemplateError("template parsing error: \(error.message)")
        }
    }
}
