import Engine
import Flags
import GoTemplate
import Rendering

extension Verb {
    static let imageInspect = Verb(
        id: "image inspect",
        syntax: CommandSyntax(
            summary: "Show all that is known of one or more images", usage: ["[OPTIONS] IMAGE [IMAGE...]"],
            flags: [
                CommonFlags.objectFormat(),
                Flag("platform", nil, .string, "Platform of the image, os[/architecture[/variant]]"),
            ],
            arguments: .atLeast(1), completion: .images)
    ) { parsed, context in
        let engine = try context.engine()
        return try Inspection.show(parsed.positionals, format: parsed.string("format"), context) { name in
            try TemplateValue(encoding: try engine.inspectImage(name, platform: parsed.string("platform")))
        }
    }
}
