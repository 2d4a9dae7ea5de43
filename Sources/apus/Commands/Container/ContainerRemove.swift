import Engine
import Errors
import Flags

extension Verb {
    static let remove = Verb(
        id: "container rm",
        syntax: CommandSyntax(
            summary: "Remove one or more containers", usage: ["[OPTIONS] CONTAINER [CONTAINER...]"],
            flags: [
                Flag("force", "f", .bool, "Kill a container that runs, and remove it"),
                Flag("link", "l", .bool, "Remove the link that the name stands for (there are none)"),
                Flag("volumes", "v", .bool, "Remove the container's anonymous volumes with it"),
            ],
            arguments: .atLeast(1), completion: .containers)
    ) { parsed, context in
        let engine = try context.engine()
        let isForced = parsed.bool("force")
        var status: CInt = 0
        for name in parsed.positionals {
            do {
                // What `--force` wants gone and is not there is no failure, but is said.
                if isForced, try !engine.hasContainer(name) {
                    context.complain("No such container: \(name)")
                    continue
                }
                if parsed.bool("link") {
                    _ = try engine.container(name)
                    throw EngineError("Conflict, cannot remove the default link name of the container", .conflict)
                }
                _ = try engine.removeContainer(
                    name, force: isForced, volumes: parsed.bool("volumes"))
                try context.output.line(name)
            } catch let error as EngineError {
                try context.output.flush()
                context.complain(error.message)
                status = 1
            }
        }
        return status
    }
}
