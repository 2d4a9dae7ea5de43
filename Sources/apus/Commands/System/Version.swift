import DockerTypes
import Flags
import GoTemplate
import Rendering

extension Verb {
    static let version = Verb(
        id: "version",
        syntax: CommandSyntax(
            summary: "Show the version of apus and of the machine", usage: ["[OPTIONS]"],
            flags: [CommonFlags.objectFormat()], arguments: .none)
    ) { parsed, context in
        let info = VersionInfo()
        if let format = parsed.string("format"), !format.isEmpty {
            return try context.show(info.value, format, name: "version")
        }
        try context.output.write(
            """
            Client: apus
             Version:           \(info.version)
             OS/Arch:           \(info.os)/\(info.architecture)

            Server: none, apus runs containers itself
             Version:           \(info.version)
             OS/Arch:           \(info.os)/\(info.architecture)
             Kernel Version:    \(info.kernelVersion)

            """)
        return 0
    }
}

extension VersionInfo {
    /// What `version --format` works on. Scripts ask for the server's version: this program is both.
    var value: TemplateValue {
        // That of the API whose types `inspect` and `--format` have.
        let api: [(name: String, value: TemplateValue)] = [("APIVersion", .string("1.51"))]
        let shared: [(name: String, value: TemplateValue)] = [
            ("GitCommit", .string("")), ("GoVersion", .string("")), ("Os", .string(os)),
            ("Arch", .string(architecture)),
            ("BuildTime", .string("")),
        ]
        let names = ["APIVersion": "ApiVersion"]
        var client = TemplateRecord(
            "system.clientVersion",
            [("Version", .string(version))] + api + [("DefaultAPIVersion", .string("1.51"))] + shared
                + [("Context", .string("default"))])
        client.jsonNames = names
        let component = TemplateMap(
            [
                ("Name", .string("Engine")), ("Version", .string(version)),
                (
                    "Details",
                    .map(
                        TemplateMap(
                            [
                                ("Arch", .string(architecture)), ("KernelVersion", .string(kernelVersion)),
                                ("Os", .string(os)),
                            ], missing: .string("")))
                ),
            ], kind: .structure)
        var server = TemplateRecord(
            "system.serverVersion",
            [
                ("Platform", .record(TemplateRecord("struct { Name string }", [("Name", .string("apus"))]))),
                ("Components", .list([.map(component)])), ("Version", .string(version)),
            ] + api + [("MinAPIVersion", .string("1.24"))] + shared
                + [("KernelVersion", .string(kernelVersion)), ("Experimental", .empty(.bool(false), isLeftOut: true))])
        server.jsonNames = names
        return .record(
            TemplateRecord("system.versionInfo", [("Client", .record(client)), ("Server", .record(server))]))
    }
}
