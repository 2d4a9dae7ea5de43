package import GoTemplate

/// The `--format` of a command that prints one object.
package enum ObjectFormat {
    /// What became of it: the text, and what could not be executed.
    package typealias Rendered = (text: String, problem: String?)

    /// The text for `object`: JSON on one line for "json", else what the template says, which errors call `name`.
    /// Throws `TemplateError` in Docker's words for a template that cannot be parsed.
    package static func render(
        _ object: TemplateValue, _ format: String, name: String = ""
    ) throws(TemplateError) -> Rendered {
        if format == "json" { return (object.json + "\n", nil) }
        let template: Template
        do throws(TemplateError) { template = try Template(format, name: name) } catch {
            throw TemplateError("template parsing error: \(error.message)")
        }
        do throws(TemplateError) { return (try template.execute(object) + "\n", nil) } catch {
            return ("\n", error.message)
        }
    }
}
