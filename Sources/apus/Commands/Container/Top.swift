import Engine
import Errors
import Flags
import Rendering

extension Verb {
    static let top = Verb(
        id: "container top",
        syntax: CommandSyntax(
            summary: "Show the processes of a container", usage: ["CONTAINER [ps OPTIONS]"],
            arguments: .atLeast(1), isInterspersed: false, completion: .runningContainers)
    ) { parsed, context in
        let listing = try context.engine().top(parsed.positionals[0], options: Array(parsed.positionals.dropFirst()))
        let lines = ([listing.titles] + listing.rows).map { row in
            row.map { VisibleText.escaped($0) }.joined(separator: "\t") + "\n"
        }
        try context.output.write(TabWriter(minimum: 20, padding: 3).aligned(lines.joined()))
        return 0
    }
}
