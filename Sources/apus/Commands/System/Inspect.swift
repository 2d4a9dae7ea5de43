import DockerTypes
import Engine
import Errors
import Flags
import GoTemplate
import Rendering

extension Verb {
    static let inspect = Verb(
        id: "inspect",
        syntax: CommandSyntax(
            summary: "Show all that is known of containers, images, networks and volumes",
            usage: ["[OPTIONS] NAME|ID [NAME|ID...]"],
            flags: [
                CommonFlags.objectFormat(), inspectSize,
                Flag("type", nil, .string, "Look only for objects of this type (container, image, network, volume)"),
            ],
            arguments: .atLeast(1), completion: .containers)
    ) { parsed, context in
        let type = parsed.string("type") ?? ""
        guard ["", "container", "image", "network", "volume"].contains(type) else {
            let known = ["config", "node", "plugin", "secret", "service", "task"]
            throw CommandFailure(
                known.contains(type)
                    ? "there are no objects of type \"\(type)\": it is \"container\", \"image\", \"network\" or \"volume\""
                    : "unknown type: \"\(type)\": must be one of \"container\", \"image\", \"network\", \"volume\"")
        }
        let engine = try context.engine()
        return try Inspection.show(parsed.positionals, format: parsed.string("format"), context) { name in
            if try type == "container" || type.isEmpty && engine.hasContainer(name) {
                return try TemplateValue(encoding: try engine.inspectContainer(name, sizes: parsed.bool("size")))
            }
            if type == "volume" { return try TemplateValue(encoding: try engine.inspectVolume(name)) }
            if try type == "network" || type.isEmpty && engine.imageID(name) == nil {
                let network: NetworkInspection
                do throws(EngineError) { network = try engine.inspectNetwork(name) } catch {
                    guard type.isEmpty, error.kind == .notFound else { throw error }
                    let volume: VolumeInspection
                    do throws(EngineError) { volume = try engine.inspectVolume(name) } catch {
                        guard error.kind == .notFound else { throw error }
                        throw CommandFailure("No such object: \(name)")
                    }
                    return try TemplateValue(encoding: volume)
                }
                return try TemplateValue(encoding: network)
            }
            return try TemplateValue(encoding: try engine.inspectImage(name))
        }
    }
}
