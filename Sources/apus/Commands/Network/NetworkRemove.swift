import Engine
import Errors
import Flags

extension Verb {
    static let networkRemove = Verb(
        id: "network rm",
        syntax: CommandSyntax(
            summary: "Remove one or more networks", usage: ["NETWORK [NETWORK...]"],
            flags: [Flag("force", "f", .bool, "Do not complain of a network that is not there")],
            arguments: .atLeast(1), completion: .networks)
    ) { parsed, context in
        let engine = try context.engine()
        var status: CInt = 0
        for name in parsed.positionals {
            do throws(EngineError) {
                try engine.removeNetwork(name)
                try? context.output.line(name)
            } catch {
                if parsed.bool("force"), error.kind == .notFound { continue }
                try context.output.flush()
                context.complain(error.message)
                status = 1
            }
        }
        return status
    }
}
