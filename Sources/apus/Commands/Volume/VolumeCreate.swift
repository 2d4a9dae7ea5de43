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
    private static let clusterFlags: [Flag] = {
        func flag(
            _ name: String, _ kind: Flag.Kind, placeholder: String? = nil, defaultValue: String? = nil
        ) -> Flag {
            Flag(
                name, nil, kind, "", placeholder: placeholder, defaultValue: defaultValue,
                refused: "it is for volumes of a swarm, and there is none")
        }
        return [
            flag("availability", .string, defaultValue: "active"), flag("group", .string), flag("limit-bytes", .bytes),
            flag("required-bytes", .bytes), flag("scope", .string, defaultValue: "single"),
            flag("secret", .list, placeholder: "map"), flag("sharing", .string, defaultValue: "none"),
            flag("topology-preferred", .list), flag("topology-required", .list),
            flag("type", .string, defaultValue: "block"),
        ]
    }()
}
