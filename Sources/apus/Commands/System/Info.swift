import DockerTypes
import Engine
import Flags
import GoTemplate
import Rendering

extension Verb {
    static let info = Verb(
        id: "system info",
        syntax: CommandSyntax(
            summary: "Show what apus stores and what the machine is", usage: ["[OPTIONS]"],
            flags: [CommonFlags.objectFormat()], arguments: .none)
    ) { parsed, context in
        let (info, problems) = try context.engine().systemInfo()
        for problem in problems { context.warn(problem) }
        if let format = parsed.string("format"), !format.isEmpty {
            return try context.show(.record(info.record), format)
        }
        try context.output.write(info.text)
        try context.output.flush()
        for warning in info.warnings { try context.errors.line(warning) }
        return 0
    }
}

extension SystemInfo {
    /// What `info --format` works on.
    var record: TemplateRecord {
        func can(_ controller: String) -> TemplateValue { .bool(controlGroups.controllers.contains(controller)) }
        return TemplateRecord(
            "system.dockerInfo",
            [
                ("Containers", .int(Int64(containers))), ("ContainersRunning", .int(Int64(running))),
                ("ContainersPaused", .int(Int64(paused))), ("ContainersStopped", .int(Int64(stopped))),
                ("Images", .int(Int64(images))), ("Driver", .string(storageDriver)),
                ("MemoryLimit", can("memory")), ("SwapLimit", can("memory")), ("CpuCfsPeriod", can("cpu")),
                ("CpuCfsQuota", can("cpu")), ("CPUShares", can("cpu")), ("CPUSet", can("cpuset")),
                ("PidsLimit", can("pids")), ("CgroupDriver", .string(controlGroups.driver)),
                ("CgroupVersion", .string(controlGroups.version)), ("KernelVersion", .string(version.kernelVersion)),
                ("OperatingSystem", .string(operatingSystem)), ("OSType", .string(version.os)),
                ("Architecture", .string(hardware)), ("NCPU", .int(Int64(processors))), ("MemTotal", .int(memory)),
                ("DockerRootDir", .string(dataDirectory)), ("Name", .string(name)),
                ("ServerVersion", .string(version.version)), ("DefaultRuntime", .string(runtime)),
                ("SecurityOptions", .list(securityOptions.map { .string($0) })),
                ("Warnings", .list(warnings.map { .string($0) })),
            ])
    }

    /// What `info` prints.
    var text: String {
        """
        Client: apus
         Version:    \(version.version)

        Server: none, apus runs containers itself
         Containers: \(containers)
          Running: \(running)
          Paused: \(paused)
          Stopped: \(stopped)
         Images: \(images)
         Server Version: \(version.version)
         Storage Driver: \(storageDriver)
         Cgroup Driver: \(controlGroups.driver)
         Cgroup Version: \(controlGroups.version)
         Default Runtime: \(runtime)
         Security Options:
          seccomp
           Profile: builtin
        \(isRootless ? "  rootless\n" : "") Kernel Version: \(version.kernelVersion)
         Operating System: \(operatingSystem)
         OSType: \(version.os)
         Architecture: \(hardware)
         CPUs: \(processors)
         Total Memory: \(HumanSize.binary(memory))
         Name: \(name)
         Root Dir: \(dataDirectory)
         Run Dir: \(runDirectory)

        """
    }
}
