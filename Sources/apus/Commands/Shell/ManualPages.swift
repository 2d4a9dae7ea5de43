import DockerTypes
import Flags
import Linux

extension Verb {
    /// Writes the manual pages of all commands into a directory: `make install` calls it.
    static let manualPages = Verb(
        id: "__man",
        syntax: CommandSyntax(
            summary: "Write the manual pages into a directory", usage: ["DIRECTORY"], arguments: .exactly(1))
    ) { parsed, context in
        let directory = parsed.positionals[0]
        try Files.makeDirectories(directory)
        for page in pages() { try Files.write(Array(page.text.utf8), to: "\(directory)/\(page.name).1") }
        return 0
    }

    private static func pages() -> [ManualPage] {
        let places = CommandTable.placements.filter { $0.prominence != .hidden }
        func list(_ noun: String?) -> [(name: String, summary: String)] {
            places.filter { $0.noun == noun }.map { ($0.name, $0.verb().syntax.summary) }
        }
        var pages = [
            ManualPage(
                path: Context.program, syntax: GlobalOptions.syntax,
                commands: list(nil) + CommandTable.nouns.map { ($0.name, $0.summary) }, version: VersionInfo.number)
        ]
        for noun in CommandTable.nouns where places.contains(where: { $0.noun == noun.name }) {
            let syntax = CommandSyntax(summary: noun.summary, usage: ["COMMAND"])
            pages.append(
                ManualPage(
                    path: "\(Context.program) \(noun.name)", syntax: syntax, commands: list(noun.name),
                    version: VersionInfo.number))
        }
        for place in places {
            let verb = place.verb()
            pages.append(
                ManualPage(
                    path: CommandTable.fullName(place.noun, place.name), syntax: verb.syntax,
                    names: CommandTable.names(of: verb.id), version: VersionInfo.number))
        }
        return pages
    }
}
