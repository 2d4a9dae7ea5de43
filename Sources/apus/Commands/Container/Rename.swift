import Engine
import Errors
import Flags

extension Verb {
    static let rename = Verb(
        id: "container rename",
        syntax: CommandSyntax(
            summary: "Rename a container", usage: ["CONTAINER NEW_NAME"], arguments: .exactly(2),
            completion: .containers)
    ) { parsed, context in
        let engine = try context.engine()
        do throws(EngineError) {
            try engine.renameContainer(parsed.positionals[0], to: parsed.positionals[1])
        } catch { throw CommandFailure(error.message, status: 1) }
        return 0
    }
}
