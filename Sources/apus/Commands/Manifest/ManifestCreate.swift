import Engine
import Flags
import Linux
import OCI

extension Verb {
    static let manifestCreate = Verb(
        id: "manifest create",
        syntax: CommandSyntax(
            summary: "Make a list of images for several platforms, to be pushed to a registry",
            usage: ["MANIFEST_LIST [MANIFEST...]"],
            description: """
                Make a list of images for several platforms, to be pushed to a registry.
                The images are those that registries have under their names; containers-storage:NAME is one of the store.
                """,
            flags: [
                Flag("all", nil, .bool, "Of an image that is a list itself, take in all that it lists"),
                Flag("amend", "a", .bool, "Amend an existing manifest list"),
            ] + ManifestFlags.registry,
            arguments: .atLeast(1))
    ) { parsed, context in
        let lists = try ManifestFlags.lists(parsed, context)
        let (list, members) = (parsed.positionals[0], Dispatch.withoutFirst(parsed.positionals))
        let (amends, all) = (parsed.bool("amend"), parsed.bool("all"))
        let name = try waitFor { try await lists.create(list, of: members, amends: amends, all: all) }
        try context.output.line("Created manifest list \(name)")
        return 0
    }

    static let manifestAdd = Verb(
        id: "manifest add",
        syntax: CommandSyntax(
            summary: "Take images into a manifest list", usage: ["[OPTIONS] MANIFEST_LIST IMAGE [IMAGE...]"],
            description: """
                Take images into a manifest list.
                NAME is an image of the store, docker://NAME one that a registry has.
                """,
            flags: [Flag("all", nil, .bool, "Of an image that is a list itself, take in all that it lists")]
                + ManifestFlags.annotation + ManifestFlags.registry,
            arguments: .atLeast(2), completion: .images)
    ) { parsed, context in
        let lists = try ManifestFlags.lists(parsed, context)
        let annotation = try ManifestFlags.annotation(parsed)
        let (list, members) = (parsed.positionals[0], Dispatch.withoutFirst(parsed.positionals))
        let all = parsed.bool("all")
        let name = try waitFor { try await lists.add(members, to: list, annotation, all: all) }
        try context.output.line("\(name)")
        return 0
    }
}
