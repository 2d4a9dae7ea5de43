import Engine
import Flags

extension Verb {
    static let imageSave = Verb(
        id: "image save",
        syntax: CommandSyntax(
            summary: "Save images to an archive that 'docker load' and readers of OCI layouts take",
            usage: ["[OPTIONS] IMAGE [IMAGE...]"],
            flags: [
                Flag("output", "o", .string, "Write to a file instead of the standard output"),
                Flag("platform", nil, .string, "Save only the image for this platform (os/architecture[/variant])"),
            ],
            arguments: .atLeast(1))
    ) { parsed, context in
        let engine = try context.engine()
        try ArchiveTarget.write(
            parsed.string("output"),
            toTerminal: "cowardly refusing to save to a terminal. Use the -o flag or redirect",
            failing: "failed to save image"
        ) { try engine.save(parsed.positionals, platform: parsed.string("platform"), to: $0) }
        return 0
    }
}
