import ContainerSpec
import Engine
import Errors
import Flags

extension Verb {
    static let containerUpdate = Verb(
        id: "container update",
        syntax: CommandSyntax(
            summary: "Change the limits of one or more containers", usage: ["[OPTIONS] CONTAINER [CONTAINER...]"],
            flags: flagsOfUpdate, arguments: .atLeast(1), completion: .containers)
    ) { parsed, context in
        var limits = ResourceOptions()
        var policy: RestartPolicy?
        guard !parsed.occurrences.isEmpty else {
            context.complain("you must provide one or more flags when using this command")
            return 1
        }
        do {
            for use in parsed.occurrences {
                let name = parsed.flag(of: use).name
                if name == "restart" {
                    policy = try RestartPolicy(option: use.value)
                } else {
                    _ = try limits.take(name, use.value)
                }
            }
        } catch let error as OptionError {
            context.complain(error.description)
            return 1
        }
        let engine = try context.engine()
        var status: CInt = 0
        for name in parsed.positionals {
            do {
                try engine.updateContainer(name, limits: limits, restartPolicy: policy)
                try context.output.line(name)
            } catch let error as EngineError {
                try context.output.flush()
                context.complain(error.message)
                status = 1
            }
        }
        return status
    }

    // Docker's: those of `run` that can be changed while a container runs.
    private static let flagsOfUpdate: [Flag] = {
        let names: Set<String> = [
            "blkio-weight", "cpu-period", "cpu-quota", "cpu-rt-period", "cpu-rt-runtime", "cpu-shares", "cpus",
            "cpuset-cpus", "cpuset-mems", "kernel-memory", "memory", "memory-reservation", "memory-swap", "pids-limit",
        ]
        return RunFlags.limits.filter { names.contains($0.name) }
            + [Flag("restart", nil, .string, "Restart policy: no, on-failure[:count], always or unless-stopped")]
    }()
}
