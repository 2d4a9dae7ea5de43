import Engine
import Flags

extension Verb {
    static let systemCheck = Verb(
        id: "system check",
        syntax: CommandSyntax(
            summary: "Verify all that is stored, and find what killed commands left behind", usage: ["[OPTIONS]"],
            flags: [Flag("quiet", "q", .bool, "Print nothing where all is well")],
            arguments: .none)
    ) { parsed, context in
        let problems = try context.engine().check()
        for problem in problems { context.complain(problem) }
        if problems.isEmpty, !parsed.bool("quiet") { try context.output.line("everything is in order") }
        return problems.isEmpty ? 0 : 1
    }
}
