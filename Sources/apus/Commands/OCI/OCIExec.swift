import ContainerSpec
import Flags
import OCIRuntime
import Supervision

extension OCIVerb {
    static let exec = OCIVerb(
        "exec",
        CommandSyntax(
            summary: "Run one more process in a container",
            usage: ["[OPTIONS] CONTAINER COMMAND [ARG...]", "[OPTIONS] --process FILE CONTAINER"],
            flags: [
                Flag("process", "p", .string, "File with the process, as the configuration has it"),
                Flag("console-socket", nil, .string, "Unix socket that gets the master side of the terminal"),
                Flag("pid-file", nil, .string, "File that gets the number of the process"),
                Flag("pidfd-socket", nil, .string, "Unix socket that gets a pidfd of the process"),
                Flag("detach", "d", .bool, "Do not wait for the end"),
                Flag("tty", "t", .bool, "Give the process a terminal"),
                Flag("cwd", nil, .string, "Working directory in the container"),
                Flag("env", "e", .list, "Environment variable, NAME=value"),
                Flag("user", "u", .string, "User, as UID or UID:GID"),
                Flag("additional-gids", "g", .list, "Additional group"),
                Flag("cap", "c", .list, "Add a capability"),
                Flag("apparmor", nil, .string, "AppArmor profile"),
                Flag("process-label", nil, .string, "SELinux label"),
                Flag("no-new-privs", nil, .bool, "Let the process gain no privileges"),
                Flag("preserve-fds", nil, .uint16, "How many descriptors from 3 on the process gets"),
                Flag("cgroup", nil, .string, "Control group below the container's"),
                Flag("ignore-paused", nil, .bool, "Accept a paused container: the process starts with its resumption"),
            ], arguments: .atLeast(1), isInterspersed: false)
    ) { parsed, runtime, _ in
        var request = ExecRequest(id: parsed.positionals[0])
        func text(_ name: String) -> String? { parsed.string(name).flatMap { $0.isEmpty ? nil : $0 } }
        request.processFile = text("process")
        request.arguments = Array(parsed.positionals.dropFirst())
        if request.processFile == nil, request.arguments.isEmpty {
            throw CommandFailure("exec: no command is given: give one, or --process")
        }
        request.workingDirectory = text("cwd")
        request.environment = parsed.list("env")
        request.hasTerminal = parsed.bool("tty")
        request.user = text("user")
        request.additionalGroups = parsed.list("additional-gids")
        request.capabilities = parsed.list("cap")
        request.apparmorProfile = text("apparmor")
        request.selinuxLabel = text("process-label")
        request.noNewPrivileges = parsed.isSet("no-new-privs") ? parsed.bool("no-new-privs") : nil
        request.consoleSocket = text("console-socket")
        request.pidFile = text("pid-file")
        request.pidfdSocket = text("pidfd-socket")
        request.detaches = parsed.bool("detach")
        request.preservedDescriptors = Int(parsed.int("preserve-fds") ?? 0)
        // runc's form names a controller of version 1 before the path.
        request.subgroup = text("cgroup").map { $0.split(separator: ":").last.map(String.init) ?? $0 }
        request.ignoresPause = parsed.bool("ignore-paused")
        return try runtime.exec(request)
    }
}
