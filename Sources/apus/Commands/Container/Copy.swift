import Bytes
import Engine
import Errors
import Flags
import Glibc
import Linux
import Rendering

extension Verb {
    static let copy = Verb(
        id: "container cp",
        syntax: CommandSyntax(
            summary: "Copy files/folders between a container and the local filesystem",
            usage: ["[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-", "[OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH"],
            flags: [
                Flag("archive", "a", .bool, "Keep the numbers of the files' owners, as far as possible"),
                Flag("follow-link", "L", .bool, "Copy what a symbolic link at SRC_PATH leads to"),
                Flag(
                    "quiet", "q", .bool,
                    "Do not report how much was copied; the default where the standard output is no terminal"),
            ],
            arguments: .exactly(2), completion: .containers)
    ) { parsed, context in
        guard !parsed.positionals[0].isEmpty else { throw CommandFailure("source can not be empty") }
        guard !parsed.positionals[1].isEmpty else { throw CommandFailure("destination can not be empty") }
        let (source, destination) = (parsed.positionals[0], parsed.positionals[1])
        let isQuiet = parsed.isSet("quiet") ? parsed.bool("quiet") : !Terminal.isTerminal(STDOUT_FILENO)
        let result = try context.engine().copy(
            CopyPlace(source, stream: STDIN_FILENO), to: CopyPlace(destination, stream: STDOUT_FILENO),
            keepsOwners: parsed.bool("archive"), followsLink: parsed.bool("follow-link"))
        if !isQuiet, destination != "-" {
            let size = HumanSize.decimal(Int64(clamping: result.size), digits: 3)
            try context.errors.line("Successfully copied \(size) to \(result.destination)")
        }
        return 0
    }
}

extension CopyPlace {
    /// One side of `cp` as the command line has it: "CONTAINER:PATH", a path, or "-" for `stream`. A path with a colon in it
    /// begins with a slash or a dot.
    fileprivate init(_ text: String, stream: CInt) {
        if text.isSame(as: "-") {
            self = .stream(stream)
        } else if !text.begins(with: "/"), !text.begins(with: "."), let colon = text.place(of: ":"),
            colon != text.startIndex
        {
            self = .container(String(text[..<colon]), path: Array(text.behind(colon).utf8))
        } else {
            self = .local(Array(text.utf8))
        }
    }
}
