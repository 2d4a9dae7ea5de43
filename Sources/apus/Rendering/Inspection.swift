import GoTemplate
import Rendering

/// What the `inspect` commands have in common: objects that are there are printed, the others complained about.
enum Inspection {
    /// Finds each of `names` with `find` and prints them by `format`. Returns the exit status.
    static func show(
        _ names: [String], format: String?, _ context: Context, find: (String) throws -> TemplateValue
    ) throws -> CInt {
        let format = try inspectFormat(format)
        var found: [TemplateValue] = []
        var text = ""
        var status: CInt = 0
        var complaints: [String] = []
        for name in names {
            do {
                let object = try find(name)
                guard format.isTemplate else {
                    found.append(object)
                    continue
                }
                text += try format.text(of: object)
            } catch {
                complaints.append("\(error)")
                status = 1
            }
        }
        // Where a template made no text at all that is an empty line, as Docker has it.
        if format.isTemplate { text = text.isEmpty ? "\n" : text } else { text = format.document(found) }
        try context.output.write(text)
        try context.output.flush()
        for complaint in complaints { context.complain(complaint) }
        return status
    }

    private static func inspectFormat(_ format: String?) throws -> InspectFormat {
        do throws(TemplateError) { return try InspectFormat(format) } catch {
            throw CommandFailure(error.message, status: 64)
        }
    }
}
