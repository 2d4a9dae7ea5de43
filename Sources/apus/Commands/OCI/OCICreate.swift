import Flags
import Glibc
import OCIRuntime

extension OCIVerb {
    static let create = OCIVerb(
        "create",
        CommandSyntax(
            summary: "Create a container, which waits for its start", usage: ["[OPTIONS] CONTAINER"],
            flags: creationFlags, arguments: .exactly(1))
    ) { parsed, runtime, _ in
        try runtime.create(try creation(parsed))
        return 0
    }

    static let run = OCIVerb(
        "run",
        CommandSyntax(
            summary: "Create and start a container, and wait for its end", usage: ["[OPTIONS] CONTAINER"],
            flags: creationFlags + [
                Flag("detach", "d", .bool, "Do not wait for the end"),
                Flag("keep", nil, .bool, "Leave the state of the container after its end"),
            ], arguments: .exactly(1))
    ) { parsed, runtime, _ in
        try runtime.run(try creation(parsed), detaches: parsed.bool("detach"), keeps: parsed.bool("keep"))
    }

    static let start = OCIVerb(
        "start",
        CommandSyntax(
            summary: "Let a created container execute its command", usage: ["CONTAINER"], arguments: .exactly(1))
    ) { parsed, runtime, _ in
        try runtime.start(parsed.containerID)
        return 0
    }

    private static let creationFlags: [Flag] = [
        Flag("bundle", "b", .string, "Directory with the configuration and the root file system (default \".\")"),
        Flag("config", "f", .string, "Configuration in place of config.json of the bundle"),
        Flag("console-socket", nil, .string, "Unix socket that gets the master side of the terminal"),
        Flag("pid-file", nil, .string, "File that gets the number of the first process"),
        Flag("pidfd-socket", nil, .string, "Unix socket that gets a pidfd of the first process"),
        Flag("preserve-fds", nil, .uint16, "How many descriptors from 3 on the container gets"),
        Flag("no-pivot", nil, .bool, "Change the root without pivot_root, on a host that runs from a RAM disk"),
        Flag("no-new-keyring", nil, .bool, "Leave the container the caller's session keyring"),
        Flag("no-subreaper", nil, .bool, "Accepted: this runtime is never a subreaper"),
    ]

    private static func creation(_ parsed: ParsedArguments) throws -> CreateRequest {
        var request = CreateRequest(id: parsed.containerID)
        request.bundle = parsed.string("bundle") ?? "."
        request.configuration = parsed.string("config")
        request.consoleSocket = parsed.string("console-socket").flatMap { $0.isEmpty ? nil : $0 }
        request.pidFile = parsed.string("pid-file").flatMap { $0.isEmpty ? nil : $0 }
        request.pidfdSocket = parsed.string("pidfd-socket").flatMap { $0.isEmpty ? nil : $0 }
        request.preservedDescriptors = Int(parsed.int("preserve-fds") ?? 0)
        request.usesPivotRoot = !parsed.bool("no-pivot")
        request.newSessionKeyring = !parsed.bool("no-new-keyring")
        return request
    }
}
