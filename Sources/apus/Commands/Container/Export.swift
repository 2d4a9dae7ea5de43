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

/// A file that a command writes an archive to: whole, or not at all. What has no name yet is gone with the process.
struct ArchiveTarget: ~Copyable {
    private let file: FileDescriptor
    private let path: String
    /// The name that the file has until it is whole; nil where it has none, or is no file of ours.
    private let temporary: String?
    private let isOurs: Bool

    /// Opens what has the name `path` where that is a device or a FIFO; otherwise a new file beside it. Throws `SystemError`:
    /// EISDIR for a directory.
    init(_ path: String) throws(SystemError) {
        var temporary: String?
        var isOurs = true
        file = try Self.open(path, &temporary, &isOurs)
        self.path = path
        self.temporary = temporary
        self.isOurs = isOurs
    }

    private static func open(
        _ path: String, _ temporary: inout String?, _ isOurs: inout Bool
    ) throws(SystemError) -> FileDescriptor {
        if let status = try status(path), !status.isRegular {
            guard !status.isDirectory else { throw SystemError("open", path, .isDirectory) }
            isOurs = false
            return try FileDescriptor.open(path, O_WRONLY | O_NOCTTY)
        }
        let folder = Files.split(path).parent
        do throws(SystemError) {
            return try FileDescriptor.open(folder, O_WRONLY | Files.unnamed, mode: 0o600)
        } catch  where error.errno == .notSupported || error.errno == .isDirectory || error.errno == .invalid {
            let name = "\(folder)/.apus.\(getpid()).\(randomHex(bytes: 6))"
            let file = try FileDescriptor.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            temporary = name
            return file
        }
    }

    deinit { if let temporary { unlink(temporary) } }

    var number: CInt { file.rawValue }

    /// Gives the file its name, in the place of what had it. Throws `SystemError`; nothing is left then.
    func keep() throws(SystemError) {
        guard isOurs else { return }
        try file.sync()
        if let temporary { return try Files.rename(temporary, to: path) }
        let name = "\(Files.split(path).parent)/.apus.\(getpid()).\(randomHex(bytes: 6))"
        try Files.name(file, name)
        do throws(SystemError) { try Files.rename(name, to: path) } catch {
            unlink(name)
            throw error
        }
    }

    // nil where nothing has the name.
    private static func status(_ path: String) throws(SystemError) -> FileStatus? {
        do throws(SystemError) { return try Files.status(path) } catch {
            if error.errno == .noEntry { return nil }
            throw error
        }
    }

    /// Has `body` write an archive to the descriptor that it gets: that of the file `path`, or where there is none the standard
    /// output. Throws `CommandFailure`: `refusal` where that is a terminal, and "`what`: …" for a file that cannot be made.
    static func write(
        _ path: String?, toTerminal refusal: String, failing what: String, _ body: (CInt) throws -> Void
    ) throws {
        guard let path, !path.isEmpty else {
            if Terminal.isTerminal(STDOUT_FILENO) { throw CommandFailure(refusal) }
            return try body(STDOUT_FILENO)
        }
        let target: ArchiveTarget
        do throws(SystemError) { target = try ArchiveTarget(path) } catch {
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
