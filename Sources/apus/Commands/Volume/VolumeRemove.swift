import Engine
import Errors
import Flags

extension Verb {
    static let volumeRemove = Verb(
        id: "volume rm",
        syntax: CommandSyntax(
            summary: "Remove one or more volumes", usage: ["[OPTIONS] VOLUME [VOLUME...]"],
            flags: [Flag("force", "f", .bool, "Do not complain of a volume that is not there")],
            arguments: .atLeast(1), completion: .volumes)
    ) { parsed, context in
        let engine = try context.engine()
        var status: CInt = 0
        for name in parsed.positionals {
            do throws(EngineError) {
                do throws(EngineError) { try engine.removeVolume(name) } catch {
                    guard parsed.bool("force"), error.kind == .notFound else { throw error }
                }
                try? context.output.line(name)
            } catch {
                try context.output.flush()
                context.complain(error.message)
                status = 1
            }
        }
        return status
    }

    static let volumeUpdate = Verb(
        id: "volume update",
        syntax: CommandSyntax(
            summary: "Change a volume of a swarm (there are none)", usage: ["[OPTIONS] [VOLUME]"],
            flags: [
                Flag(
                    "availability", nil, .string, "", defaultValue: "active",
                    refused: "it is for volumes of a swarm, and there is none")
            ],
            arguments: .exactly(1), completion: .volumes)
    ) { parsed, context in
        _ = try context.engine().inspectVolume(parsed.positionals[0])
        throw CommandFailure("can only update cluster volumes", status: 1)
    }
}
