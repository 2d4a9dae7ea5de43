import ContainerSpec
import DockerTypes
import Engine
import Flags
import Glibc
import GoTemplate
import Linux
import Rendering
import Store

extension Verb {
    static let info = Verb(
        id: "system info",
        syntax: CommandSyntax(
            summary: "Show what apus stores and what the machine is", usage: ["[OPTIONS]"],
            flags: [CommonFlags.objectFormat()], arguments: .none)
    ) { parsed, context in
        let facts = try SystemFacts(context)
        if let format = parsed.string("format"), !format.isEmpty {
            try context.output.write(try ObjectFormat.render(.record(facts.record), format))
        } else {
            try context.output.write(facts.text)
            try context.output.flush()
            for warning in facts.groups.warnings { try context.errors.line(warning) }
        }
        return 0
    }
}

/// What `info` prints.
struct SystemFacts {
    private let counts: [(status: String, count: Int)]
    private let containers: Int
    private let images: Int
    private let machine = Machine.current
    private let system: String
    private let processors: Int
    /// In bytes.
    private let memory: Int64
    private let paths: StorePaths
    private let isRootless: Bool
    let groups: ControlGroupFacts

    init(_ context: Context) throws {
        let engine = try context.engine()
        let (all, problems) = try engine.listContainers()
        for problem in problems { context.warn(problem) }
        let (images, faults) = try engine.images.images()
        for fault in faults { context.warn(fault) }
        func count(_ statuses: Set<ContainerState.Status>) -> Int {
            all.count { statuses.contains($0.state.status) }
        }
        let (running, paused) = (count([.running, .restarting]), count([.paused]))
        counts = [("Running", running), ("Paused", paused), ("Stopped", all.count - running - paused)]
        containers = all.count
        self.images = images.count
        let release = (try? Files.readText("/etc/os-release")) ?? ""
        system = Self.value(of: "PRETTY_NAME", in: release) ?? "Linux"
        processors = sysconf(CInt(_SC_NPROCESSORS_ONLN))
        memory = Int64(sysconf(CInt(_SC_PHYS_PAGES))) * Int64(sysconf(CInt(_SC_PAGESIZE)))
        paths = engine.paths
        isRootless = geteuid() != 0
        groups = .current()
    }

    /// The value of `KEY=value` or `KEY="value"` among lines (os-release(5)).
    private static func value(of key: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix("\(key)=") {
            let value = line.dropFirst(key.count + 1)
            return value.hasPrefix("\"") ? String(value.dropFirst().dropLast()) : String(value)
        }
        return nil
    }

    private var security: [String] { ["name=seccomp,profile=builtin"] + (isRootless ? ["name=rootless"] : []) }

    var record: TemplateRecord {
        func count(_ status: String) -> TemplateValue {
            .int(Int64(counts.first { $0.status == status }?.count ?? 0))
        }
        func can(_ controller: String) -> TemplateValue { .bool(groups.controllers.contains(controller)) }
        return TemplateRecord(
            "system.dockerInfo",
            [
                ("Containers", .int(Int64(containers))), ("ContainersRunning", count("Running")),
                ("ContainersPaused", count("Paused")), ("ContainersStopped", count("Stopped")),
                ("Images", .int(Int64(images))), ("Driver", .string("overlay2")),
                ("MemoryLimit", can("memory")), ("SwapLimit", can("memory")), ("CpuCfsPeriod", can("cpu")),
                ("CpuCfsQuota", can("cpu")), ("CPUShares", can("cpu")), ("CPUSet", can("cpuset")),
                ("PidsLimit", can("pids")), ("CgroupDriver", .string(groups.driver)),
                ("CgroupVersion", .string(groups.version)), ("KernelVersion", .string(machine.release)),
                ("OperatingSystem", .string(system)), ("OSType", .string("linux")),
                ("Architecture", .string(machine.hardware)), ("NCPU", .int(Int64(processors))),
                ("MemTotal", .int(memory)), ("DockerRootDir", .string(paths.data)), ("Name", .string(machine.name)),
                ("ServerVersion", .string(Version.number)), ("DefaultRuntime", .string("apus")),
                ("SecurityOptions", .list(security.map { .string($0) })),
                ("Warnings", .list(groups.warnings.map { .string($0) })),
            ])
    }

    var text: String {
        """
        Client: apus
         Version:    \(Version.number)

        Server: none, apus runs containers itself
         Containers: \(containers)
        \(counts.map { "  \($0.status): \($0.count)\n" }.joined()) Images: \(images)
         Server Version: \(Version.number)
         Storage Driver: overlay2
         Cgroup Driver: \(groups.driver)
         Cgroup Version: \(groups.version)
         Default Runtime: apus
         Security Options:
          seccomp
           Profile: builtin
        \(isRootless ? "  rootless\n" : "") Kernel Version: \(machine.release)
         Operating System: \(system)
         OSType: linux
         Architecture: \(machine.hardware)
         CPUs: \(processors)
         Total Memory: \(HumanSize.binary(memory))
         Name: \(machine.name)
         Root Dir: \(paths.data)
         Run Dir: \(paths.run)

        """
    }
}
