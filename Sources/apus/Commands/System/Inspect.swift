import Engine
import Flags
import GoTemplate
import Rendering

extension Verb {
    static let inspect = Verb(
        id: "inspect",
        syntax: CommandSyntax(
            summary: "Show all that is known of containers and images", usage: ["[OPTIONS] NAME|ID [NAME|ID...]"],
            flags: [
                CommonFlags.objectFormat(), inspectSize,
                Flag("type", nil, .string, "Look only for objects of this type (container, image)"),
            ],
            arguments: .atLeast(1), completion: .containers)
    ) { parsed, context in
        let type = parsed.string("type") ?? ""
        guard ["", "container", "image"].contains(type) else {
            let known = ["config", "network", "node", "plugin", "secret", "service", "task", "volume"]
            throw CommandFailure(
                known.contains(type)
                    ? "there are no objects of type \"\(type)\": it is \"container\" or \"image\""
                    : "unknown type: \"\(type)\": must be one of \"container\", \"image\"")
        }
        let engine = try context.engine()
        return try Inspection.show(parsed.positionals, format: parsed.string("format"), context) { name in
            if try type == "container" || type.isEmpty && engine.hasContainer(name) {
                return try TemplateValue(encoding: try engine.inspectContainer(name, sizes: parsed.bool("size")))
            }
            if type.isEmpty, try engine.imageID(name) == nil { throw CommandFailure("No such object: \(name)") }
            return try TemplateValue(encoding: try engine.inspectImage(name))
        }
    }
}
