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
        var status: CInt = 0
        var complaints: [String] = []
        for name in names {
            do { found.append(try find(name)) } catch {
                complaints.append("\(error)")
                status = 1
            }
        }
        let (text, problems) = format.render(found)
        try context.output.write(text)
        try context.output.flush()
        for complaint in complaints + problems { context.complain(complaint) }
        return problems.isEmpty ? status : 1
    }

    private static func inspectFormat(_ format: String?) throws -> InspectFormat {
        do throws(TemplateError) { return try InspectFormat(format) } catch {
            throw CommandFailure(error.message, status: 64)
        }
    }
}
