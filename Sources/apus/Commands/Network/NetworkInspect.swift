import DockerTypes
import Engine
import Flags
import GoTemplate

extension Verb {
    static let networkInspect = Verb(
        id: "network inspect",
        syntax: CommandSyntax(
            summary: "Show all that is known of one or more networks", usage: ["[OPTIONS] NETWORK [NETWORK...]"],
            flags: [
                CommonFlags.objectFormat(),
                Flag("verbose", "v", .bool, "Show a swarm's services, too (there are none)"),
            ],
            arguments: .atLeast(1), completion: .networks)
    ) { parsed, context in
        let engine = try context.engine()
        return try Inspection.show(parsed.positionals, format: parsed.string("format"), context) { name in
            try TemplateValue(encoding: try engine.inspectNetwork(name))
        }
    }
}
