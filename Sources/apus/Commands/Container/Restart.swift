import Engine
import Errors
import Flags

extension Verb {
    static let restart = Verb(
        id: "container restart",
        syntax: CommandSyntax(
            summary: "Restart one or more containers", usage: ["[OPTIONS] CONTAINER [CONTAINER...]"],
            flags: StopFlags.all, arguments: .atLeast(1), completion: .containers)
    ) { parsed, context in
        let (signal, timeout) = try StopFlags.read(parsed)
        let engine = try context.engine()
        return try EachContainer.run(parsed.positionals, context) { name throws(EngineError) in
            try engine.restartContainer(
                name, signal: signal, timeout: timeout, caller: .standard, lingering: Run.lingering)
            return name
        }
    }
}
