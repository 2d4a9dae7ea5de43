package import GoTemplate

/// The `--format` of `inspect`: an indented JSON array, JSON, or a template for each object.
package enum InspectFormat {
    /// The text for `objects`. Throws `TemplateError` in Docker's words.
    package static func render(_ objects: [TemplateValue], _ format: String?) throws(TemplateError) -> String {
        switch format {
        case nil, "": return (objects.isEmpty ? "[]" : TemplateValue.list(objects).json(indent: 4)) + "\n"
        case "json": return TemplateValue.list(objects).json + "\n"
        case .some(let source):
            do throws(TemplateError) {
                let template = try Template(source)
                var text = ""
                for object in objects { text += try template.execute(object, missingKey: .error) + "\n" }
                return text
            } catch {
                throw TemplateError("template parsing error: \(error.message)")
            }
        }
    }
}
