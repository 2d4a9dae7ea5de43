package import GoTemplate

/// The `--format` of a command that prints one object.
package enum ObjectFormat {
    /// The text for `object`: JSON on one line for "json", else what the template says, which errors call `name`.
    /// Throws `TemplateError` in Docker's words.
    package static func render(
        _ object: TemplateValue, _ format: String, name: String = ""
    ) throws(TemplateError) -> String {
        if format == "json" { return object.json + "\n" }
        do throws(TemplateError) {
            return try Template(format, name: name).execute(object) + "\n"
        } catch {
            throw TemplateError("template parsing error: \(error.message)")
        }
    }
}
