import DockerTypes
import Flags
import Glibc
import Linux
import Logs
import OCIRuntime

extension Verb {
    /// `apus oci`: the command line of an OCI runtime, as containerd, CRI-O, conmon, podman and buildah call it.
    static let oci = Verb(id: "oci", syntax: OCICommand.syntax) { parsed, context in
        if parsed.isSet("version") && parsed.bool("version") { return try OCICommand.printVersion(context) }
        guard let name = parsed.positionals.first else { return try OCICommand.printHelp(context) }
        return try OCICommand.run(
            name, Dispatch.withoutFirst(parsed.positionals), try OCICommand.options(parsed), context)
    }
}

/// A verb of the runtime's command line.
struct OCIVerb: Sendable {
    let name: String
    let syntax: CommandSyntax
    /// Does the work and returns the exit status.
    let run: @Sendable (ParsedArguments, OCIRuntime, Context) throws -> CInt

    init(
        _ name: String, _ syntax: CommandSyntax,
        _ run: @escaping @Sendable (ParsedArguments, OCIRuntime, Context) throws -> CInt
    ) {
        self.name = name
        self.syntax = syntax
        self.run = run
    }
}

/// What all verbs of the runtime share.
enum OCICommand {
    /// The name under which the executable is this command line alone, for callers that take one path.
    static let program = "apus-oci"

    private static let verbs: [OCIVerb] = [
        .create, .start, .run, .exec, .state, .kill, .delete, .list, .processes, .pause, .resume, .update, .events,
        .features, .spec, .checkpoint, .restore,
    ]

    static let syntax = CommandSyntax(
        summary: "Run containers as an OCI runtime, for containerd, CRI-O, podman and the like",
        usage: ["[OPTIONS] COMMAND [ARG...]"],
        flags: [
            Flag("root", nil, .string, "Directory of the state of containers (default \"/run/apus-oci\")"),
            Flag("log", nil, .string, "File that messages are appended to"),
            Flag(
                "log-format", nil, .string, "Form of messages (\"text\", \"json\")", defaultValue: "text",
                validate: { RuntimeOptions.LogFormat(rawValue: $0) == nil ? "must be \"text\" or \"json\"" : nil }),
            Flag("log-level", nil, .string, "Least severe messages (\"debug\", or any other for errors)"),
            Flag("debug", nil, .bool, "Log more"),
            Flag("systemd-cgroup", nil, .bool, "Have systemd make the control groups, as slice:prefix:name"),
            Flag(
                "cgroup-manager", nil, .string,
                "Who makes the control groups (\"cgroupfs\", \"systemd\", \"disabled\")",
                validate: {
                    switch $0 {
                    case "cgroupfs", "systemd": nil
                    case "disabled": "a container always gets a control group where there can be one"
                    default: "must be \"cgroupfs\" or \"systemd\""
                    }
                }),
            Flag(
                "rootless", nil, .string,
                "Whether a container may do without a control group (\"true\", \"false\", \"auto\")",
                defaultValue: "auto", impliedValue: "true",
                validate: { ["auto", "true", "false"].contains($0) ? nil : "must be \"true\", \"false\" or \"auto\"" }),
            Flag("version", "v", .bool, "Print the version and quit"),
        ], isInterspersed: false)

    static func options(_ parsed: ParsedArguments) throws -> RuntimeOptions {
        var options = RuntimeOptions(root: try parsed.string("root").map(absolute))
        options.log = parsed.string("log").flatMap { $0.isEmpty ? nil : $0 }
        options.logFormat = RuntimeOptions.LogFormat(rawValue: parsed.string("log-format") ?? "text")!
        options.debug = parsed.bool("debug") || parsed.string("log-level") == "debug"
        options.usesSystemd = parsed.bool("systemd-cgroup") || parsed.string("cgroup-manager") == "systemd"
        options.rootless = parsed.string("rootless").flatMap { $0 == "auto" ? nil : $0 == "true" }
        return options
    }

    // The state has to be found again from any directory.
    private static func absolute(_ path: String) throws -> String {
        if path.hasPrefix("/") { return path }
        guard let current = getcwd(nil, 0) else { throw SystemError("getcwd") }
        defer { free(current) }
        return String(cString: current) + "/" + path
    }

    static func run(
        _ name: String, _ arguments: [String], _ options: RuntimeOptions, _ context: Context
    ) throws -> CInt {
        let runtime = OCIRuntime(options)
        func failed(_ message: String) -> CInt {
            runtime.log.write(.error, message)
            // As runc has it: the command of an exec may well end with 1.
            return name == "exec" ? 255 : 1
        }
        guard let verb = verbs.first(where: { $0.name == name }) else {
            if name == "help" { return try printHelp(context) }
            return failed("unknown command: \(name)")
        }
        let path = "\(Context.program) oci \(name)"
        let parsed: ParsedArguments
        do throws(UsageError) {
            parsed = try verb.syntax.parse(arguments, path: path)
        } catch {
            return failed("\(name): \(error.message)")
        }
        if parsed.isHelpRequested {
            try context.output.write(verb.syntax.helpText(path: path, width: context.helpWidth))
            return 0
        }
        do {
            // Those whose processes become a container's.
            runtime.log.write(.debug, "\(program) \(VersionInfo.number): \(name)")
            if ["create", "run", "exec"].contains(name) { try OwnExecutable.protect() }
            return try verb.run(parsed, runtime, context)
        } catch is ClosedPipe {
            throw ClosedPipe()
        } catch {
            return failed("\(error)")
        }
    }

    /// In the form that callers take apart: containerd reads the lines of "commit" and "spec".
    static func printVersion(_ context: Context) throws -> CInt {
        try context.output.write(
            """
            \(program) version \(VersionInfo.number)
            commit: \(VersionInfo.number)
            spec: \(OCIRuntime.specVersion)

            """)
        return 0
    }

    static func printHelp(_ context: Context) throws -> CInt {
        try context.output.write(
            syntax.helpText(path: "\(Context.program) oci", width: context.helpWidth) + "\nCommands:\n")
        let width = verbs.map(\.name.count).max() ?? 0
        for verb in verbs {
            let gap = String(repeating: " ", count: width - verb.name.count + 3)
            try context.output.line("  \(verb.name)\(gap)\(verb.syntax.summary)")
        }
        return 0
    }
}

extension ParsedArguments {
    /// The container's id, the only positional argument.
    var containerID: String { positionals[0] }
}
