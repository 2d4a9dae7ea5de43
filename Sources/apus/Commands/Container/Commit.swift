import Engine
import Flags

extension Verb {
    static let commit = Verb(
        id: "container commit",
        syntax: CommandSyntax(
            summary: "Create a new image from a container's changes",
            usage: ["[OPTIONS] CONTAINER [REPOSITORY[:TAG]]"],
            flags: [
                Flag("author", "a", .string, "Author (e.g., \"John Hannibal Smith <hannibal@a-team.com>\")"),
                Flag("change", "c", .list, "Apply Dockerfile instruction to the created image"),
                Flag("message", "m", .string, "Commit message"),
                Flag("pause", "p", .bool, "Pause container during commit", defaultValue: "true"),
            ],
            arguments: .between(1, 2), completion: .containers)
    ) { parsed, context in
        var options = CommitOptions()
        options.name = parsed.positionals.count > 1 ? parsed.positionals[1] : nil
        options.author = parsed.string("author") ?? ""
        options.message = parsed.string("message") ?? ""
        options.changes = parsed.list("change")
        options.pauses = parsed.bool("pause")
        let (id, warnings) = try context.engine().commitContainer(parsed.positionals[0], options)
        for warning in warnings { context.warn(warning) }
        try context.output.line("\(id)")
        return 0
    }
}
