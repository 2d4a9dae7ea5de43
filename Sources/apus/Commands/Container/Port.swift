import Bytes
import DockerTypes
import Engine
import Flags

extension Verb {
    static let port = Verb(
        id: "container port",
        syntax: CommandSyntax(
            summary: "Show the ports of a container that are published, or where one of them is",
            usage: ["CONTAINER [PRIVATE_PORT[/PROTO]]"],
            arguments: .between(1, 2), completion: .containers)
    ) { parsed, context in
        let name = parsed.positionals[0]
        let ports = try context.engine().container(name).network.ports
        var lines = PortTexts.lines(ports)
        // An empty one is none.
        if parsed.positionals.count == 2, !parsed.positionals[1].isEmpty {
            do throws(PortError) { lines = try PortTexts.lines(ports, of: parsed.positionals[1]) } catch {
                throw CommandFailure(error.sentence(name))
            }
        }
        for line in lines { try context.output.write(line + "\n") }
        return 0
    }
}
