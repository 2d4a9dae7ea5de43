import Engine
import Flags

extension Verb {
    static let diff = Verb(
        id: "container diff",
        syntax: CommandSyntax(
            summary: "Show what differs in a container's file system from its image", usage: ["CONTAINER"],
            arguments: .exactly(1), completion: .containers)
    ) { parsed, context in
        for change in try context.engine().changes(of: parsed.positionals[0]) {
            try context.output.write(Array("\(change.kind.rawValue) ".utf8) + change.path + [10])
        }
        return 0
    }
}
