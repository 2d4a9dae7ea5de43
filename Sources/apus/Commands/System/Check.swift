import Engine
import Flags

extension Verb {
    static let systemCheck = Verb(
        id: "system check",
        syntax: CommandSyntax(
            summary: "Verify all that is stored, and find what killed commands left behind", usage: ["[OPTIONS]"],
            flags: [
                Flag("quiet", "q", .bool, "Print nothing where all is well"),
                Flag(
                    "repair", nil, .bool,
                    "First make a list of images that is lost anew, from the images that are there"),
            ],
            arguments: .none)
    ) { parsed, context in
        let engine = try context.engine()
        if parsed.bool("repair"), let found = try engine.repairImages() {
            for name in found { try context.output.line("Found image: \(name)") }
        }
        let problems = engine.check()
        for problem in problems { context.complain(problem) }
        if problems.isEmpty, !parsed.bool("quiet") { try context.output.line("everything is in order") }
        return problems.isEmpty ? 0 : 1
    }
}
