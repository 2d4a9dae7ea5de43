import Engine
import Errors
import Flags

extension Verb {
    static let manifestRemove = Verb(
        id: "manifest rm",
        syntax: CommandSyntax(
            summary: "Remove manifest lists from the store", usage: ["MANIFEST_LIST [MANIFEST_LIST...]"],
            arguments: .atLeast(1))
    ) { parsed, context in
        let lists = try ManifestFlags.lists(context)
        var status: CInt = 0
        for name in parsed.positionals {
            do throws(EngineError) { try lists.remove(name) } catch {
                context.complain(error.message)
                status = 1
            }
        }
        return status
    }

    static let manifestTake = Verb(
        id: "manifest remove",
        syntax: CommandSyntax(
            summary: "Take an image out of a manifest list", usage: ["MANIFEST_LIST MANIFEST"],
            description: "Take an image out of a manifest list.\nMANIFEST is its name or its digest.",
            arguments: .exactly(2))
    ) { parsed, context in
        let name = try ManifestFlags.lists(context).take(parsed.positionals[1], outOf: parsed.positionals[0])
        try context.output.line("\(name)")
        return 0
    }

    static let manifestExists = Verb(
        id: "manifest exists",
        syntax: CommandSyntax(
            summary: "Tell by the exit status whether there is a manifest list", usage: ["MANIFEST_LIST"],
            arguments: .exactly(1)),
        failureStatus: 125
    ) { parsed, context in
        try ManifestFlags.lists(context).has(parsed.positionals[0]) ? 0 : 1
    }
}
