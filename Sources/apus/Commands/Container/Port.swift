import Bytes
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
        let parts = parsed.positionals[1].split(on: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard UInt16(parts[0]) != nil else {
            let isNumber = !parts[0].isEmpty && parts[0].utf8.allSatisfy { (48...57).contains($0) }
            throw CommandFailure(
                "invalid port (\(parsed.positionals[1])): strconv.ParseUint: parsing \"\(parts[0])\": "
                    + (isNumber ? "value out of range" : "invalid syntax"))
        }
        throw CommandFailure("No public port '\(parsed.positionals[1])' published for \(name)")
    }
}
