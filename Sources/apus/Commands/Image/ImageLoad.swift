import Engine
import Flags
import Glibc
import Images
import Linux

extension Verb {
    static let imageLoad = Verb(
        id: "image load",
        syntax: CommandSyntax(
            summary: "Load images from an archive of 'docker save' or of an OCI layout", usage: ["[OPTIONS]"],
            flags: [
                Flag("input", "i", .string, "Read from this file (or directory) instead of the standard input"),
                Flag("platform", nil, .string, "Load only the image for this platform (os/architecture[/variant])"),
                Flag("quiet", "q", .bool, "Do not report progress"),
            ],
            arguments: .none)
    ) { parsed, context in
        let source = try ArchiveSource(parsed.string("input") ?? "-", option: "--input")
        let platform = parsed.string("platform")
        let engine = try context.engine()
        let images =
            source.isDirectory
            ? try engine.load(fromDirectory: parsed.string("input") ?? "", platform: platform)
            : try engine.load(from: source.number, platform: platform)
        // Loading reports no progress, so that --quiet has nothing left to leave out.
        for image in images {
            if image.names.isEmpty { try context.output.line("Loaded image ID: \(image.id)") }
            for name in image.names { try context.output.line("Loaded image: \(name)") }
        }
        return 0
    }
}

/// An archive that a command reads: a file, or "-" for the standard input.
struct ArchiveSource: ~Copyable {
    /// The descriptor's number, for as long as the value lives.
    let number: CInt
    private let file: FileDescriptor?

    /// Whether the path is a directory's.
    let isDirectory: Bool

    /// Opens `path`. Throws where it cannot be read, and for a terminal; `option` names what gives a file instead.
    init(_ path: String, option: String) throws {
        guard path != "-" else {
            guard !Terminal.isTerminal(STDIN_FILENO) else {
                throw CommandFailure("the standard input is a terminal and no archive: redirect it, or use \(option)")
            }
            number = STDIN_FILENO
            file = nil
            isDirectory = false
            return
        }
        let opened: FileDescriptor
        do throws(SystemError) {
            opened = try FileDescriptor.open(path, O_RDONLY)
        } catch {
            throw CommandFailure("open \(path): \(error.errno)")
        }
        number = opened.rawValue
        // What cannot be looked at cannot be read either, which says why.
        isDirectory = (try? opened.status().isDirectory) ?? false
        file = consume opened
    }
}
