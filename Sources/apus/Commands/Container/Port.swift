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
        _ = try context.engine().container(name)
        // No container has a published port yet: without a port there is nothing to show, as with Docker.
        guard parsed.positionals.count == 2 else { return 0 }
        let parts = parsed.positionals[1].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let number = Int(parts[0]), (0...65535).contains(number) else {
            throw CommandFailure("invalid port '\(parsed.positionals[1])': \(parts[0]) is no port number")
        }
        let transport = parts.count == 2 ? String(parts[1]) : "tcp"
        throw CommandFailure("no public port '\(number)/\(transport)' published for \(name)")
    }
}
