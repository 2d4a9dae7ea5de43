import Bytes
import ContainerSpec
import Engine
import Flags

extension Verb {
    static let networkConnect = Verb(
        id: "network connect",
        syntax: CommandSyntax(
            summary: "Put a container on a network", usage: ["[OPTIONS] NETWORK CONTAINER"],
            flags: [
                Flag("alias", nil, .commaList, "Further name of the container on the network"),
                Flag("driver-opt", nil, .commaList, "Option of the driver, key=value"),
                Flag("gw-priority", nil, .int, "Of several networks the one with the highest has the way out"),
                Flag("ip", nil, .string, "IPv4 address"),
                Flag("ip6", nil, .string, "IPv6 address"),
                Flag("link", nil, .list, "", refused: "containers on one network find each other by name"),
                Flag("link-local-ip", nil, .commaList, "Link-local address"),
            ],
            arguments: .exactly(2), completion: .networks)
    ) { parsed, context in
        var endpoint = EndpointOptions(network: parsed.positionals[0])
        endpoint.aliases = parsed.list("alias")
        endpoint.ipv4 = parsed.string("ip").flatMap { $0.isEmpty ? nil : $0 }
        endpoint.ipv6 = parsed.string("ip6").flatMap { $0.isEmpty ? nil : $0 }
        endpoint.linkLocalIPs = parsed.list("link-local-ip")
        endpoint.gatewayPriority = Int(parsed.int("gw-priority") ?? 0)
        for text in parsed.list("driver-opt") {
            guard let place = text.place(of: "="), place != text.startIndex else {
                throw CommandFailure("invalid key/value pair format in driver options")
            }
            endpoint.driverOptions[String(text[..<place])] = String(text.behind(place))
        }
        try context.engine().connectNetwork(parsed.positionals[1], to: endpoint)
        return 0
    }

    static let networkDisconnect = Verb(
        id: "network disconnect",
        syntax: CommandSyntax(
            summary: "Take a container from a network", usage: ["[OPTIONS] NETWORK CONTAINER"],
            flags: [Flag("force", "f", .bool, "Do so although the container is gone")],
            arguments: .exactly(2), completion: .networks)
    ) { parsed, context in
        try context.engine().disconnectNetwork(
            parsed.positionals[1], from: parsed.positionals[0], isForced: parsed.bool("force"))
        return 0
    }
}
