import Flags

extension Verb {
    static let help = Verb(
        id: "help",
        syntax: CommandSyntax(summary: "Help about a command", usage: ["[COMMAND]"], arguments: .atMost(2))
    ) { arguments, context in
        guard let first = arguments.positionals.first else { return try Help.program(context, context.output) }
        let second = arguments.positionals.dropFirst().first
        if let second, let place = CommandTable.find(first, second) { return try Help.verb(place, context) }
        if second == nil, let place = CommandTable.find(nil, first) { return try Help.verb(place, context) }
        if second == nil, let noun = CommandTable.nouns.first(where: { $0.name == first }) {
            return try Help.noun(noun, context.output)
        }
        throw CommandFailure("unknown help topic: \(arguments.positionals.joined(separator: " "))")
    }
}

/// The help texts, made from the command table.
enum Help {
    /// `apus --help`, on `output`.
    static func program(_ context: Context, _ output: Output) throws -> CInt {
        let top = CommandTable.placements.filter { $0.noun == nil && $0.prominence != .hidden }
        func list(_ places: [Placement]) -> String {
            CommandList(places.map { ($0.name, $0.verb().syntax.summary) }).text
        }
        let common = top.filter { $0.prominence == .common }
        let others = top.filter { $0.prominence == .normal }.sorted { $0.name < $1.name }
        let nouns = CommandTable.nouns.filter { noun in CommandTable.placements.contains { $0.noun == noun.name } }
        var text = "Usage:  \(Context.program) [OPTIONS] COMMAND\n\n\(GlobalOptions.syntax.summary)\n"
        text += "\nCommon Commands:\n" + list(common)
        if !nouns.isEmpty {
            text += "\nManagement Commands:\n" + CommandList(nouns.map { ($0.name, $0.summary) }).text
        }
        if !others.isEmpty { text += "\nCommands:\n" + list(others) }
        text += "\nGlobal Options:\n" + FlagTable(flags: GlobalOptions.syntax.flags, width: context.helpWidth - 1).text
        text += "\nRun '\(Context.program) COMMAND --help' for more information on a command.\n"
        try output.write(text)
        return 0
    }

    /// `apus container --help`, on `output`.
    static func noun(_ noun: Noun, _ output: Output) throws -> CInt {
        let path = "\(Context.program) \(noun.name)"
        let places = CommandTable.placements.filter { $0.noun == noun.name && $0.prominence != .hidden }
        let list = CommandList(places.map { ($0.name, $0.verb().syntax.summary) }.sorted { $0.0 < $1.0 })
        try output.write(
            "Usage:  \(path) COMMAND\n\n\(noun.summary)\n\nCommands:\n\(list.text)"
                + "\nRun '\(path) COMMAND --help' for more information on a command.\n")
        return 0
    }

    /// `apus run --help`.
    static func verb(_ place: Placement, _ context: Context) throws -> CInt {
        let verb = place.verb()
        try context.output.write(
            verb.syntax.helpText(
                path: CommandTable.fullName(place.noun, place.name), aliases: CommandTable.names(of: verb.id),
                width: context.helpWidth))
        return 0
    }
}
