import Engine
import Flags
import GoTemplate
import Rendering

extension Verb {
    static let containerInspect = Verb(
        id: "container inspect",
        syntax: CommandSyntax(
            summary: "Show all that is known of one or more containers", usage: ["[OPTIONS] CONTAINER [CONTAINER...]"],
            flags: [CommonFlags.objectFormat(), inspectSize],
            arguments: .atLeast(1), completion: .containers)
    ) { parsed, context in
        let engine = try context.engine()
        return try Inspection.show(parsed.positionals, format: parsed.string("format"), context) { name in
            try TemplateValue(encoding: try engine.inspectContainer(name, sizes: parsed.bool("size")))
        }
    }

    static let inspectSize = Flag("size", "s", .bool, "Show the sizes of a container's files too")
}
