import GoTemplate
import Rendering

/// What the `inspect` commands have in common: objects that are there are printed, the others complained about.
enum Inspection {
    /// Finds each of `names` with `find` and prints them by `format`. Returns the exit status.
    static func show(
        _ names: [String], format: String?, _ context: Context, find: (String) throws -> TemplateValue
    ) throws -> CInt {
        var found: [TemplateValue] = []
        var status: CInt = 0
        var complaints: [String] = []
        for name in names {
            do { found.append(try find(name)) } catch {
                complaints.append("\(error)")
                status = 1
            }
        }
        // Without any object a template prints nothing, as Docker's does: an empty line.
        if found.isEmpty, let format, !format.isEmpty, format != "json" {
            try context.output.write("\n")
        } else {
            try context.output.write(try InspectFormat.render(found, format))
        }
        try context.output.flush()
        for complaint in complaints { context.complain(complaint) }
        return status
    }
}
