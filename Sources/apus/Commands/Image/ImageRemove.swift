import Engine
import Errors
import Flags
import Store

extension Verb {
    static let imageRemove = Verb(
        id: "image rm",
        syntax: CommandSyntax(
            summary: "Remove one or more images", usage: ["[OPTIONS] IMAGE [IMAGE...]"],
            flags: [
                Flag(
                    "force", "f", .bool, "Remove the image although it has other names or a container was made from it"),
                Flag("no-prune", nil, .bool, "Keep parents without a name (images here have none)"),
                Flag(
                    "platform", nil, .commaList, "",
                    refused: "an image goes with all its platforms: pull those that you want to keep again"),
            ],
            arguments: .atLeast(1), completion: .images)
    ) { parsed, context in
        let engine = try context.engine()
        let isForced = parsed.bool("force")
        var status: CInt = 0
        for name in parsed.positionals {
            do {
                for removal in try engine.removeImage(name, isForced: isForced) {
                    switch removal {
                    case .untagged(let name): try context.output.line("Untagged: \(name)")
                    case .deleted(let id): try context.output.line("Deleted: \(id)")
                    }
                }
            } catch let error as EngineError {
                try context.output.flush()
                context.complain(error.message)
                // What `--force` wants gone and is not there is no failure.
                if try !isForced || engine.imageID(name) != nil { status = 1 }
            }
        }
        return status
    }
}
