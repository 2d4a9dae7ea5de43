import Engine
import Flags
import Glibc
import Linux
import OCI

extension Verb {
    static let manifestPush = Verb(
        id: "manifest push",
        syntax: CommandSyntax(
            summary: "Push a manifest list to a repository, with what it lists",
            usage: ["[OPTIONS] MANIFEST_LIST [DESTINATION]"],
            flags: [
                Flag("all", nil, .bool, "Push what the list has, too", defaultValue: "true"),
                Flag("purge", "p", .bool, "Remove the manifest list after the push", aliases: ["rm"]),
                Flag("quiet", "q", .bool, "Print the digest alone"),
            ] + ManifestFlags.registry,
            arguments: .between(1, 2))
    ) { parsed, context in
        let lists = try ManifestFlags.lists(parsed, context)
        let isQuiet = parsed.bool("quiet")
        let isWhole = parsed.bool("all")
        let purges = parsed.bool("purge")
        let words = parsed.positionals
        let digest = try waitFor {
            try await lists.push(words[0], to: words.count > 1 ? words[1] : nil, isWhole: isWhole, purges: purges) {
                event in
                guard !isQuiet, case .copied(let name) = event, let digest = name.digest else { return }
                // Where nobody reads any more, the push goes on.
                try? Output(STDOUT_FILENO, limit: 0).line("Pushed ref \(name) with digest: \(digest)")
            }
        }
        try context.output.line("\(digest)")
        return 0
    }
}
