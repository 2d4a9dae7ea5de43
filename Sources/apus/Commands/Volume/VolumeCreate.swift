import Bytes
import ContainerSpec
import Engine
import Flags

extension Verb {
    static let volumeCreate = Verb(
        id: "volume create",
        syntax: CommandSyntax(
            summary: "Create a volume", usage: ["[OPTIONS] [VOLUME]"],
            flags: [
                Flag("driver", "d", .string, "Driver of the volume (only \"local\")", defaultValue: "local"),
                Flag("label", nil, .list, "Label of the volume, key=value", validate: Environment.problem(ofLabel:)),
                Flag("name", nil, .string, "Name of the volume"),
                Flag("opt", "o", .list, "Option of the driver, key=value", placeholder: "map"),
            ] + clusterFlags,
            arguments: .atMost(1))
    ) { parsed, context in
        let given = parsed.string("name").flatMap { $0.isEmpty ? nil : $0 }
        if given != nil, parsed.positionals.first != nil {
            throw CommandFailure(
                "conflicting options: cannot specify a volume-name through both --name and as a positional arg",
                status: 1)
        }
        var request = VolumeRequest(name: given ?? parsed.positionals.first)
        request.driver = parsed.string("driver")
        for option in parsed.list("opt") {
            let name = String(option.until("="))
            request.options[ByteKey(name)] = option.place(of: "=").map { String(option.behind($0)) } ?? ""
        }
        for (name, value) in try parsed.list("label").map({ try Environment.label($0) }) {
            request.labels[ByteKey(name)] = value
        }
        try context.output.line(try context.engine().createVolume(request))
        return 0
    }

    // Of the volumes of a swarm.
    private static let clusterFlags =
        [
            ("availability", "active"), ("group", nil), ("limit-bytes", nil), ("required-bytes", nil),
            ("scope", "single"),
            ("sharing", "none"), ("type", "block"),
        ].map { name, value in
            Flag(
                name, nil, .string, "", defaultValue: value, refused: "it is for volumes of a swarm, and there is none")
        }
        + ["secret", "topology-preferred", "topology-required"].map { name in
            Flag(name, nil, .list, "", refused: "it is for volumes of a swarm, and there is none")
        }
}
