import Engine
import Flags

extension Verb {
    static let manifestAnnotate = Verb(
        id: "manifest annotate",
        syntax: CommandSyntax(
            summary: "Say more of an image in a manifest list", usage: ["[OPTIONS] MANIFEST_LIST MANIFEST"],
            flags: ManifestFlags.annotation, arguments: .exactly(2))
    ) { parsed, context in
        try ManifestFlags.lists(context).annotate(
            parsed.positionals[1], of: parsed.positionals[0], try ManifestFlags.annotation(parsed))
        return 0
    }
}
