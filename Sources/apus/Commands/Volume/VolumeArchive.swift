import Engine
import Flags
import Glibc
import Linux

extension Verb {
    static let volumeExport = Verb(
        id: "volume export",
        syntax: CommandSyntax(
            summary: "Write the files of a volume as a tar archive", usage: ["[OPTIONS] VOLUME"],
            flags: [Flag("output", "o", .string, "Write to a file, instead of STDOUT")],
            arguments: .exactly(1), completion: .volumes)
    ) { parsed, context in
        let engine = try context.engine()
        try ArchiveTarget.write(
            parsed.string("output"), toTerminal: "refusing to export to terminal. Use -o flag or redirect",
            failing: "cannot export volume"
        ) { try engine.exportVolume(parsed.positionals[0], to: $0) }
        return 0
    }

    static let volumeImport = Verb(
        id: "volume import",
        syntax: CommandSyntax(
            summary: "Add the files of a tar archive to a volume", usage: ["VOLUME FILE|-"],
            flags: [], arguments: .exactly(2), completion: .volumes)
    ) { parsed, context in
        let source = try ArchiveSource(parsed.positionals[1], option: "a file's name")
        try context.engine().importVolume(parsed.positionals[0], from: source.number)
        return 0
    }

    static let volumeExists = Verb(
        id: "volume exists",
        syntax: CommandSyntax(
            summary: "Say by the exit code whether there is a volume: 0, or 1", usage: ["VOLUME"],
            flags: [], arguments: .exactly(1), completion: .volumes)
    ) { parsed, context in
        try context.engine().hasVolume(parsed.positionals[0]) ? 0 : 1
    }
}
