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
        } catch {
            let (old, new) = (parsed.positionals[0], parsed.positionals[1])
            guard !old.isEmpty, !new.isEmpty else { throw error }
            context.complain(error.message)
            throw CommandFailure("failed to rename container named \(old)")
        }
        return 0
    }
}
