import Bytes
import ContainerSpec
import Engine
import Flags

extension Verb {
    static let networkCreate = Verb(
        id: "network create",
        syntax: CommandSyntax(
            summary: "Create a network", usage: ["[OPTIONS] NETWORK"],
            flags: [
                Flag("attachable", nil, .bool, "Note that containers may be put on it by hand (they always may)"),
                Flag(
                    "aux-address", nil, .list, "Address that no container gets, name=address", placeholder: "map"),
                Flag(
                    "config-from", nil, .string, "",
                    refused: "each network has its own configuration: name it with the flags of 'network create'"),
                Flag(
                    "config-only", nil, .bool, "",
                    refused: "each network has its own configuration: name it with the flags of 'network create'"),
                Flag("driver", "d", .string, "Driver of the network", defaultValue: "bridge"),
                Flag(
                    "egress", nil, .string, "What its containers may reach outside: rules, first match first",
                    placeholder: "rules"),
                Flag("gateway", nil, .commaList, "Address of the gateway of a subnet"),
                Flag("ingress", nil, .bool, "", refused: "it is a swarm's network, and there is no swarm"),
                Flag("internal", nil, .bool, "Keep containers from reaching what is outside"),
                Flag("ip-range", nil, .commaList, "Part of a subnet that containers get addresses of"),
                Flag(
                    "ipam-driver", nil, .string, "What gives addresses (only \"default\")", defaultValue: "default"),
                Flag(
                    "ipam-opt", nil, .list, "", placeholder: "map",
                    refused: "what gives addresses has no options"),
                Flag("ipv4", nil, .bool, "Give containers IPv4 addresses", defaultValue: "true"),
                Flag("ipv6", nil, .bool, "Give containers IPv6 addresses"),
                Flag(
                    "label", nil, .list, "Label of the network, key=value",
                    validate: Environment.problem(ofLabel:)),
                Flag("opt", "o", .list, "Option of the driver, key=value", placeholder: "map"),
                Flag("scope", nil, .string, "Where the network is (only \"local\")"),
                Flag("subnet", nil, .commaList, "Subnet of the network, address/bits"),
            ],
            arguments: .exactly(1))
    ) { parsed, context in
        try context.output.line(try context.engine().createNetwork(request(parsed)))
        return 0
    }

    private static func request(_ parsed: ParsedArguments) throws -> NetworkCreateRequest {
        var request = NetworkCreateRequest(name: parsed.positionals[0])
        // An empty name is that of the default.
        request.driver = parsed.string("driver").flatMap { $0.isEmpty ? nil : $0 } ?? "bridge"
        request.pools = try PoolRequest.assemble(
            subnets: parsed.list("subnet"),
            ranges: parsed.list("ip-range"),
            gateways: parsed.list("gateway"),
            auxiliary: parsed.list("aux-address").map(pair))
        request.enableIPv4 = parsed.bool("ipv4")
        request.enableIPv6 = parsed.bool("ipv6")
        request.isInternal = parsed.bool("internal")
        request.isAttachable = parsed.bool("attachable")
        request.options = unique(parsed.list("opt").map(pair))
        request.labels = unique(try parsed.list("label").map { try Environment.label($0) })
        request.egress = parsed.string("egress")
        if let driver = parsed.string("ipam-driver"), !["", "default"].contains(driver) {
            throw CommandFailure("plugin \"\(driver)\" not found")
        }
        if let scope = parsed.string("scope"), !["", "local"].contains(scope) {
            throw CommandFailure("the scope \(scope) is refused: networks are those of this machine; leave --scope out")
        }
        return request
    }

    private static func pair(_ text: String) -> (String, String) {
        guard let place = text.place(of: "=") else { return (text, "") }
        return (String(text[..<place]), String(text.behind(place)))
    }

    // Of several with one name the last counts.
    private static func unique(_ pairs: [(String, String)]) -> [(String, String)] {
        var kept: [(String, String)] = []
        for pair in pairs {
            kept.removeAll { $0.0.isSame(as: pair.0) }
            kept.append(pair)
        }
        return kept
    }
}
