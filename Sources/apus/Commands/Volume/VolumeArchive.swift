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
        guard let path = parsed.string("output"), !path.isEmpty else {
            guard !Terminal.isTerminal(STDOUT_FILENO) else {
                throw CommandFailure("refusing to export to terminal. Use -o flag or redirect")
            }
            try engine.exportVolume(parsed.positionals[0], to: STDOUT_FILENO)
            return 0
        }
        let target: ArchiveTarget
        do throws(SystemError) { target = try ArchiveTarget(path) } catch {
            throw CommandFailure("cannot export volume: \(ArchiveTarget.describe(error, path))")
        }
        try engine.exportVolume(parsed.positionals[0], to: target.number)
        do throws(SystemError) { try target.keep() } catch {
            throw CommandFailure("cannot export volume: \(error)")
        }
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
