import DockerTypes
import Engine
import Flags
import GoTemplate

extension Verb {
    static let volumeInspect = Verb(
        id: "volume inspect",
        syntax: CommandSyntax(
            summary: "Show all that is known of one or more volumes", usage: ["[OPTIONS] VOLUME [VOLUME...]"],
            flags: [CommonFlags.objectFormat()],
            arguments: .atLeast(1), completion: .volumes)
    ) { parsed, context in
        let engine = try context.engine()
        return try Inspection.show(parsed.positionals, format: parsed.string("format"), context) { name in
            try TemplateValue(encoding: try engine.inspectVolume(name))
        }
    }
}
