import Flags

extension Verb {
    static let version = Verb(
        id: "version",
        syntax: CommandSyntax(
            summary: "Show the version of apus", usage: ["[OPTIONS]"], arguments: .none)
    ) { _, context in
        try context.output.line("\(Context.program) version \(Version.number)")
        return 0
    }
}

/// The version of this program.
enum Version {
    static let number = "0.1.0"
}
