import Flags
import Glibc
import GoTemplate
import Rendering

extension Verb {
    static let version = Verb(
        id: "version",
        syntax: CommandSyntax(
            summary: "Show the version of apus and of the machine", usage: ["[OPTIONS]"],
            flags: [CommonFlags.objectFormat()], arguments: .none)
    ) { parsed, context in
        let machine = Machine.current
        if let format = parsed.string("format"), !format.isEmpty {
            let value = Version.value(machine)
            try context.output.write(try ObjectFormat.render(value, format, name: "version"))
            return 0
        }
        try context.output.write(
            """
            Client: apus
             Version:           \(Version.number)
             OS/Arch:           linux/\(machine.architecture)

            Server: none, apus runs containers itself
             Version:           \(Version.number)
             OS/Arch:           linux/\(machine.architecture)
             Kernel Version:    \(machine.release)

            """)
        return 0
    }
}

/// The version of this program.
enum Version {
    static let number = "0.1.0"

    /// What `version --format` works on. Scripts ask for the server's version: this program is both.
    static func value(_ machine: Machine) -> TemplateValue {
        .record(
            TemplateRecord(
                "system.versionInfo",
                [
                    (
                        "Client",
                        .record(
                            TemplateRecord(
                                "system.clientVersion",
                                [
                                    ("Version", .string(number)), ("Os", .string("linux")),
                                    ("Arch", .string(machine.architecture)),
                                ]))
                    ),
                    (
                        "Server",
                        .record(
                            TemplateRecord(
                                "*types.Version",
                                [
                                    (
                                        "Platform",
                                        .record(TemplateRecord("struct { Name string }", [("Name", .string("apus"))]))
                                    ),
                                    ("Version", .string(number)), ("Os", .string("linux")),
                                    ("Arch", .string(machine.architecture)),
                                    ("KernelVersion", .string(machine.release)),
                                ]))
                    ),
                ]))
    }
}

/// What the kernel says of the machine (uname(2)), in the words of image platforms.
struct Machine {
    /// "amd64", "arm64".
    let architecture: String
    /// "x86_64", "aarch64".
    let hardware: String
    let release: String
    let name: String

    static var current: Machine {
        var names = utsname()
        uname(&names)
        func text<T>(_ field: T) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        let hardware = text(names.machine)
        let architecture =
            switch hardware {
            case "x86_64": "amd64"
            case "aarch64": "arm64"
            default: hardware
            }
        return Machine(
            architecture: architecture, hardware: hardware, release: text(names.release), name: text(names.nodename))
    }
}
