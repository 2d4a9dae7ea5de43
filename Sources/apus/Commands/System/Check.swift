import Engine
import Flags

extension Verb {
    static let systemCheck = Verb(
        id: "system check",
        syntax: CommandSyntax(
            summary: "Verify all that is stored, and find what killed commands left behind", usage: ["[OPTIONS]"],
            flags: [
                Flag(
                    "deep", nil, .bool,
                    "Compare the files of all unpacked layers with their archives, not only of those whose size is wrong"
                ),
                Flag("quiet", "q", .bool, "Print nothing where all is well"),
                Flag(
                    "repair", nil, .bool,
                    "First make good what can be: a list of images that is lost, layers that are damaged; and take away blobs that are, so that "
                        + "a pull brings them anew"),
            ],
            arguments: .none)
    ) { parsed, context in
        let engine = try context.engine()
        let isDeep = parsed.bool("deep")
        let isRepair = parsed.bool("repair")
        var problems: [String] = []
        if isRepair {
            for name in try engine.repairImages() ?? [] { try context.output.line("Found image: \(name)") }
            let outcome = try engine.repairStore(isDeep: isDeep)
            for line in outcome.done { try context.output.line(line) }
            problems = outcome.problems
        }
        // What a repair has looked into needs no second look.
        problems += engine.check(isDeep: isDeep, withLayers: !isRepair)
        for problem in problems { context.complain(problem) }
        if problems.isEmpty, !parsed.bool("quiet") { try context.output.line("everything is in order") }
        return problems.isEmpty ? 0 : 1
    }
}
