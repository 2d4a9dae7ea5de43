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
    /// What `info` prints.
    var text: String {
        """
        Client: apus
         Version:    \(version.version)
         Context:    default
         Debug Mode: false

        Server: none, apus runs containers itself
         Containers: \(containers)
          Running: \(running)
          Paused: \(paused)
          Stopped: \(stopped)
         Images: \(images)
         Server Version: \(version.version)
         Storage Driver: \(storageDriver)
        \(driverStatus.map { "  \($0.name): \($0.value)\n" }.joined())\
         Logging Driver: json-file
         Cgroup Driver: \(controlGroups.driver)
         Cgroup Version: \(controlGroups.version)
         Plugins:
          Network: \(Self.networks.joined(separator: " "))
          Log: \(Self.logDrivers.joined(separator: " "))
         Swarm: inactive
         Runtimes: \(runtime)
         Default Runtime: \(runtime)
         Init Binary: \(runtime)
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
         Docker Root Dir: \(dataDirectory)
         Run Dir: \(runDirectory)
         Debug Mode: false
         Experimental: false
         Live Restore Enabled: true

        """
    }
}
