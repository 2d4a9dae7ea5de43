import Engine
import Errors
import Flags
import Glibc
import Linux

extension Verb {
    static let export = Verb(
        id: "container export",
        syntax: CommandSyntax(
            summary: "Export a container's filesystem as a tar archive", usage: ["[OPTIONS] CONTAINER"],
            flags: [Flag("output", "o", .string, "Write to a file, instead of STDOUT")],
            arguments: .exactly(1), completion: .containers)
    ) { parsed, context in
        let engine = try context.engine()
        try ArchiveTarget.write(
            parsed.string("output"),
            toTerminal: "cowardly refusing to save to a terminal. Use the -o flag or redirect",
            failing: "failed to export container"
        ) { try engine.exportContainer(parsed.positionals[0], to: $0) }
        return 0
    }
}

/// Where a command writes an archive to.
enum ArchiveTarget {
    /// Has `body` write an archive to the descriptor that it gets: that of the file `path`, or where there is none the standard
    /// output. Throws `CommandFailure`: `refusal` where that is a terminal, and "`what`: …" for a file that cannot be made.
    static func write(
        _ path: String?, toTerminal refusal: String, failing what: String, _ body: (CInt) throws -> Void
    ) throws {
        guard let path, !path.isEmpty else {
            if Terminal.isTerminal(STDOUT_FILENO) { throw CommandFailure(refusal) }
            return try body(STDOUT_FILENO)
        }
        let target: WholeFile
        do throws(SystemError) { target = try WholeFile(path) } catch {
            throw CommandFailure("\(what): \(describe(error, path))")
        }
        try body(target.number)
        do throws(SystemError) { try target.keep() } catch { throw CommandFailure("\(what): \(error)") }
    }

    /// Docker's words for a file that cannot be made.
    private static func describe(_ error: SystemError, _ path: String) -> String {
        switch error.errno {
        case .isDirectory: "cannot write to a directory"
        case .noEntry, .notDirectory: "invalid output path: stat \(Files.split(path).parent): \(error.errno)"
        default: "\(error)"
        }
    }
}
