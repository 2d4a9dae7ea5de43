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
        let shared: [(name: String, value: TemplateValue)] = [
            ("Version", .string(version)), ("Os", .string(os)), ("Arch", .string(architecture)),
        ]
        let platform = TemplateRecord("struct { Name string }", [("Name", .string("apus"))])
        return .record(
            TemplateRecord(
                "system.versionInfo",
                [
                    ("Client", .record(TemplateRecord("system.clientVersion", shared))),
                    (
                        "Server",
                        .record(
                            TemplateRecord(
                                "*types.Version",
                                [("Platform", .record(platform))] + shared
                                    + [("KernelVersion", .string(kernelVersion))]))
                    ),
                ]))
    }
}
