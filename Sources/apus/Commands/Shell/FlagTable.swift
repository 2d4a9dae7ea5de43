import Flags

extension Verb {
    /// Prints every command's flags, one on each line: what the table of compatibility with Docker is made from.
    static let flagTable = Verb(
        id: "__flags",
        syntax: CommandSyntax(summary: "Print the flags of all commands", usage: [""], arguments: .none)
    ) { _, context in
        try context.output.line("command\tflag\tshorthand\tvalue\tstate")
        try write("(global)", GlobalOptions.syntax.flags, context)
        for place in CommandTable.placements where place.prominence != .hidden {
            try write(place.noun.map { "\($0) \(place.name)" } ?? place.name, place.verb().syntax.flags, context)
        }
        return 0
    }

    private static func write(_ command: String, _ flags: [Flag], _ context: Context) throws {
        try context.output.line("\(command)\t\t\t\tpresent")
        for flag in flags.sorted(by: { $0.name < $1.name }) {
            let state = flag.refused.map { "refused: \($0)" } ?? (flag.isHidden ? "hidden" : "present")
            let shorthand = flag.shorthand.map { "-\($0)" } ?? ""
            try context.output.line("\(command)\t--\(flag.name)\t\(shorthand)\t\(flag.placeholder)\t\(state)")
        }
    }
}
