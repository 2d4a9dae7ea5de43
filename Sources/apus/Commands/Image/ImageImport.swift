import Bytes
import Engine
import Flags
import Images

extension Verb {
    static let imageImport = Verb(
        id: "image import",
        syntax: CommandSyntax(
            summary: "Make an image from the archive of a root file system",
            usage: ["[OPTIONS] file|URL|- [REPOSITORY[:TAG]]"],
            flags: [
                Flag("change", "c", .list, "Apply a Dockerfile instruction to the image"),
                Flag("message", "m", .string, "Set the image's commit message"),
                Flag("platform", nil, .string, "Set the image's platform (os/architecture[/variant])"),
            ],
            arguments: .atLeast(1), completion: .files)
    ) { parsed, context in
        let path = parsed.positionals[0]
        guard !path.begins(with: "http://"), !path.begins(with: "https://") else {
            throw CommandFailure("import reads no URLs: 'curl -L \(path) | \(Context.program) import -' does the same")
        }
        let source = try ArchiveSource(path, option: "a file's name")
        var options = ImportOptions()
        options.name = parsed.positionals.count > 1 ? parsed.positionals[1] : nil
        options.changes = parsed.list("change")
        options.message = parsed.string("message")
        options.platform = parsed.string("platform")
        options.source = path
        let id = try context.engine().importImage(from: source.number, options)
        try context.output.line("\(id)")
        return 0
    }
}
