import ContainerSpec
import Engine
import Flags
import OCIRuntime

extension OCIVerb {
    static let kill = OCIVerb(
        "kill",
        CommandSyntax(
            summary: "Send a signal to the first process of a container", usage: ["[OPTIONS] CONTAINER [SIGNAL]"],
            flags: [Flag("all", "a", .bool, "To all of its processes")], arguments: .between(1, 2))
    ) { parsed, runtime, _ in
        let name = parsed.positionals.count > 1 ? parsed.positionals[1] : "TERM"
        // 0 asks whether it runs (kill(2)).
        let signal = name == "0" ? 0 : try SignalName.number(name)
        try runtime.kill(parsed.containerID, signal: signal, all: parsed.bool("all"))
        return 0
    }

    static let delete = OCIVerb(
        "delete",
        CommandSyntax(
            summary: "Remove a container that has ended", usage: ["[OPTIONS] CONTAINER"],
            flags: [
                Flag("force", "f", .bool, "End it first, and be content where there is none"),
                Flag("regex", "r", .bool, "CONTAINER is a regular expression that ids match"),
            ],
            arguments: .exactly(1))
    ) { parsed, runtime, _ in
        if parsed.bool("regex") {
            try runtime.delete(matching: parsed.containerID, force: parsed.bool("force"))
            return 0
        }
        try runtime.delete(parsed.containerID, force: parsed.bool("force"))
        return 0
    }

    static let pause = OCIVerb(
        "pause",
        CommandSyntax(summary: "Stop all processes of a container", usage: ["CONTAINER"], arguments: .exactly(1))
    ) { parsed, runtime, _ in
        try runtime.pause(parsed.containerID)
        return 0
    }

    static let resume = OCIVerb(
        "resume",
        CommandSyntax(
            summary: "Let the processes of a paused container go on", usage: ["CONTAINER"], arguments: .exactly(1))
    ) { parsed, runtime, _ in
        try runtime.resume(parsed.containerID)
        return 0
    }

    static let checkpoint = OCIVerb(
        "checkpoint",
        CommandSyntax(
            summary: "Refused: containers are not written to disk", usage: ["CONTAINER"], flags: anyCheckpointFlags)
    ) { _, _, _ in
        throw CommandFailure(
            "checkpoints are not supported: this runtime does not write running processes to disk (CRIU)")
    }

    static let restore = OCIVerb(
        "restore",
        CommandSyntax(
            summary: "Refused: containers are not read from disk", usage: ["CONTAINER"], flags: anyCheckpointFlags)
    ) { _, _, _ in
        throw CommandFailure(
            "checkpoints are not supported: this runtime does not write running processes to disk (CRIU)")
    }

    // What callers give, so that they hear the reason and not that a flag is unknown.
    private static let anyCheckpointFlags: [Flag] =
        [
            "image-path", "work-path", "parent-path", "page-server", "manage-cgroups-mode", "empty-ns", "status-fd",
            "bundle",
            "pid-file", "console-socket", "lsm-profile", "lsm-mount-context",
        ].map { Flag($0, nil, .list, "", isHidden: true) }
        + [
            "leave-running", "tcp-established", "ext-unix-sk", "shell-job", "lazy-pages", "file-locks", "pre-dump",
            "auto-dedup", "detach", "no-subreaper", "no-pivot",
        ].map { Flag($0, nil, .bool, "", isHidden: true) }
}
