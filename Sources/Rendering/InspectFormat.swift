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

    /// The text for `objects`, and a sentence for each on which the template could not be executed, which is left out of
    /// it. Where a template made no text at all that is an empty line, as Docker has it.
    package func render(_ objects: [TemplateValue]) -> (text: String, problems: [String]) {
        switch kind {
        case .indented:
            return ((objects.isEmpty ? "[]" : TemplateValue.list(objects).json(indent: 4)) + "\n", [])
        case .json: return (TemplateValue.list(objects).json + "\n", [])
        case .template(let template):
            var text = ""
            var problems: [String] = []
            for object in objects {
                do throws(TemplateError) { text += try template.execute(object, missingKey: .error) + "\n" } catch {
                    problems.append("template parsing error: \(error.message)")
                }
            }
            return (text.isEmpty ? "\n" : text, problems)
        }
    }
}
