import Engine
import Errors
import Flags

extension Verb {
    static let wait = Verb(
        id: "container wait",
        syntax: CommandSyntax(
            summary: "Block until one or more containers stop, then print their exit codes",
            usage: ["CONTAINER [CONTAINER...]"], arguments: .atLeast(1), completion: .runningContainers)
    ) { parsed, context in
        let engine = try context.engine()
        return try EachContainer.run(parsed.positionals, context) { name throws(EngineError) in
            String(try engine.waitContainer(name))
        }
    }
}
