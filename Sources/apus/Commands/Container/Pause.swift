import Engine
import Errors
import Flags

extension Verb {
    static let pause = Verb(
        id: "container pause",
        syntax: CommandSyntax(
            summary: "Pause all processes within one or more containers", usage: ["CONTAINER [CONTAINER...]"],
            arguments: .atLeast(1), completion: .runningContainers)
    ) { parsed, context in
        let engine = try context.engine()
        return try EachContainer.run(parsed.positionals, context) { name throws(EngineError) in
            try engine.pauseContainer(name)
            return name
        }
    }

    static let unpause = Verb(
        id: "container unpause",
        syntax: CommandSyntax(
            summary: "Unpause all processes within one or more containers", usage: ["CONTAINER [CONTAINER...]"],
            arguments: .atLeast(1), completion: .runningContainers)
    ) { parsed, context in
        let engine = try context.engine()
        return try EachContainer.run(parsed.positionals, context) { name throws(EngineError) in
            try engine.unpauseContainer(name)
            return name
        }
    }
}
