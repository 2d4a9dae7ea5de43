import Engine
import Flags

extension Verb {
    static let imageTag = Verb(
        id: "image tag",
        syntax: CommandSyntax(
            summary: "Give an image another name", usage: ["SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]"],
            arguments: .exactly(2), completion: .images)
    ) { parsed, context in
        try context.engine().tag(parsed.positionals[0], as: parsed.positionals[1])
        return 0
    }
}
